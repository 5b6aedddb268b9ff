#include "python_api.h"

#include <dlfcn.h>

#include <cstdint>

namespace zc::capi {
namespace {

template <typename Function>
bool found(Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
  return function != nullptr;
}

std::optional<PythonApi> look() {
  PythonApi api = {};
  const bool all = found(api.none, "_Py_NoneStruct") && found(api.retain, "Py_IncRef") &&
                   found(api.release, "Py_DecRef") && found(api.capsule_new, "PyCapsule_New") &&
                   found(api.capsule_pointer, "PyCapsule_GetPointer") &&
                   found(api.capsule_is_valid, "PyCapsule_IsValid") &&
                   found(api.function_new, "PyCFunction_NewEx") &&
                   found(api.call, "PyObject_CallFunctionObjArgs") && found(api.dict_set, "PyDict_SetItem") &&
                   found(api.attribute_set, "PyObject_SetAttr") && found(api.tuple_new, "PyTuple_New") &&
                   found(api.tuple_item, "PyTuple_GetItem") && found(api.tuple_size, "PyTuple_Size") &&
                   found(api.text_interned, "PyUnicode_InternFromString") &&
                   found(api.bytes_span, "PyBytes_AsStringAndSize") && found(api.type_slot, "PyType_GetSlot") &&
                   found(api.list_type, "PyList_Type") && found(api.int_type, "PyLong_Type") &&
                   found(api.type_of, "PyObject_Type") && found(api.list_item, "PyList_GetItem") &&
                   found(api.list_size, "PyList_Size") &&
                   found(api.int_value, "PyLong_AsLongLongAndOverflow") &&
                   found(api.check_signals, "PyErr_CheckSignals") &&
                   found(api.unlock, "PyEval_SaveThread") && found(api.lock, "PyEval_RestoreThread");
  if (!all) return {};
  return api;
}

}  // namespace

const PythonApi* PythonApi::find() noexcept {
  static const std::optional<PythonApi> api = look();
  return api ? &*api : nullptr;
}

}  // namespace zc::capi
