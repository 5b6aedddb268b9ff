// The few functions of Python's stable ABI that make objects, found in the process that has loaded this library:
// it is one library for all versions of Python, and for programs without one.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

struct _object;
using PyObject = struct _object;

namespace zc::capi {

// As in Python's methodobject.h.
struct PyMethodDef {
  const char* name;
  PyObject* (*function)(PyObject* self, PyObject* argument);
  int flags;
  const char* doc;
};

struct PythonApi {
  static constexpr int no_arguments = 0x0004, one_argument = 0x0008;

  // Nothing where the process has no Python. Of an interpreter's thread, as all that follows.
  static const PythonApi* find() noexcept;

  PyObject* none;
  PyObject* list_type;
  PyObject* int_type;
  void (*retain)(PyObject*);
  void (*release)(PyObject*);
  PyObject* (*capsule_new)(void*, const char* name, void (*destructor)(PyObject*));
  void* (*capsule_pointer)(PyObject*, const char* name);
  int (*capsule_is_valid)(PyObject*, const char* name);
  PyObject* (*function_new)(PyMethodDef*, PyObject* self, PyObject* module);
  // Ends with a null pointer.
  PyObject* (*call)(PyObject* callable, ...);
  int (*dict_set)(PyObject* dict, PyObject* key, PyObject* value);
  int (*attribute_set)(PyObject* object, PyObject* name, PyObject* value);
  PyObject* (*tuple_new)(intptr_t size);
  PyObject* (*tuple_item)(PyObject* tuple, intptr_t index);  // borrowed
  intptr_t (*tuple_size)(PyObject* tuple);
  PyObject* (*text_interned)(const char*);
  int (*bytes_span)(PyObject* bytes, char** data, intptr_t* size);
  void* (*type_slot)(PyObject* type, int slot);
  PyObject* (*type_of)(PyObject*);  // the caller's
  PyObject* (*list_item)(PyObject* list, intptr_t index);  // borrowed
  intptr_t (*list_size)(PyObject* list);
  long long (*int_value)(PyObject* number, int* overflow);
  // Runs the handlers of signals that have come; not 0 where one has raised an exception.
  int (*check_signals)();
  // Lets other threads of the interpreter run, until `lock` is given what this gave.
  void* (*unlock)();
  void (*lock)(void* state);

  PyObject* new_none() const {
    retain(none);
    return none;
  }
  bool is_exactly(PyObject* object, PyObject* type) const {
    PyObject* found = type_of(object);
    release(found);
    return found == type;
  }
};

// A reference that is its holder's own. Needs the interpreter's lock.
class PyRef {
 public:
  PyRef() = default;
  static PyRef own(const PythonApi& api, PyObject* object) { return PyRef(api, object); }
  static PyRef share(const PythonApi& api, PyObject* object) {
    api.retain(object);
    return PyRef(api, object);
  }
  PyRef(PyRef&& other) noexcept : api_(other.api_), object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    std::swap(api_, other.api_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~PyRef() {
    if (object_ != nullptr) api_->release(object_);
  }
  PyObject* get() const { return object_; }
  PyObject* give() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyRef(const PythonApi& api, PyObject* object) : api_(&api), object_(object) {}
  const PythonApi* api_ = nullptr;
  PyObject* object_ = nullptr;
};

}  // namespace zc::capi
