#include "environment.h"

#include <cmath>

namespace zc_addon {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

void set_unless_absent(Napi::Object fields, const char* name, double value) {
  if (value >= 0) fields.Set(name, value);
}

}  // namespace

Napi::Value make_error(Napi::Env env, const zc::Error& error, const char* code) {
  Napi::Object fields = Napi::Object::New(env);
  fields.Set("code", code != nullptr ? code : zc::error_name(error.code));
  fields.Set("operation", error.operation);
  fields.Set("errno", error.sys_errno);
  if (error.sys_errno != 0) fields.Set("errnoText", zc::describe_errno(error.sys_errno));
  if (!error.path.empty()) fields.Set("path", error.path);
  set_unless_absent(fields, "offset", static_cast<double>(error.offset));
  set_unless_absent(fields, "expected", static_cast<double>(error.expected));
  set_unless_absent(fields, "actual", static_cast<double>(error.actual));
  set_unless_absent(fields, "tag", error.tag);
  return Environment::of(env).error_factory.Call({fields});
}

void throw_error(Napi::Env env, const zc::Error& error, const char* code) {
  const Napi::Value made = make_error(env, error, code);
  if (!env.IsExceptionPending()) napi_throw(env, made);
}

uint64_t unsigned_argument(const Napi::Value& value) {
  double number = -1;
  if (napi_get_value_double(value.Env(), value, &number) != napi_ok) return UINT64_MAX;
  return unsigned_number(number);
}

int32_t int_argument(const Napi::Value& value) {
  int32_t number = -1;
  return napi_get_value_int32(value.Env(), value, &number) == napi_ok ? number : -1;
}

bool flag_argument(const Napi::Value& value) {
  bool flag = false;
  return napi_get_value_bool(value.Env(), value, &flag) == napi_ok && flag;
}

std::string text_argument(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

uint64_t unsigned_number(double number) {
  if (!(number >= 0) || number > kMaxSafeInteger || number != std::floor(number)) return UINT64_MAX;
  return static_cast<uint64_t>(number);
}

uint32_t clamped_argument(const Napi::Value& value) {
  const uint64_t number = unsigned_argument(value);
  return number > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(number);
}

}  // namespace zc_addon
