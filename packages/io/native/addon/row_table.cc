#include "row_table.h"

#include <utility>
#include <vector>

#include "environment.h"

namespace zc_addon {
namespace {

std::vector<double> numbers_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Float64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

}  // namespace

Napi::Function RowTable::define(Napi::Env env) {
  return DefineClass(env, "RowTable",
                     {
                         InstanceMethod<&RowTable::holds>("holds"),
                         InstanceMethod<&RowTable::remove>("remove"),
                     });
}

RowTable::RowTable(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (IsEmpty()) return;
  auto table = zc::RowTable::create(numbers_of(info[0]), numbers_of(info[1]));
  if (!table) {
    throw_error(info.Env(), table.error());
    return;
  }
  table_ = std::move(table).value();
}

Napi::Value RowTable::holds(const Napi::CallbackInfo& info) {
  const auto numbers = info[0].As<Napi::Float64Array>();
  return Napi::Boolean::New(info.Env(), table_->holds(numbers.Data(), numbers.ElementLength()));
}

void RowTable::remove(const Napi::CallbackInfo& info) { table_->remove(unsigned_argument(info[0])); }

std::vector<zc::RowColumn> row_columns(const Napi::Array& columns) {
  std::vector<zc::RowColumn> made(columns.Length());
  for (uint32_t i = 0; i < made.size(); i++) {
    const Napi::Value column = columns.Get(i);
    if (column.IsTypedArray()) {
      const auto rows = column.As<Napi::Uint8Array>();
      const auto* bytes = reinterpret_cast<const std::byte*>(rows.Data());
      made[i].held.assign(bytes, bytes + rows.ByteLength());
    } else if (column.IsObject()) {
      const auto checked = column.As<Napi::Object>();
      made[i].offset = unsigned_argument(checked.Get("offset"));
      const auto checksums = checked.Get("checksums").As<Napi::Uint32Array>();
      made[i].checksums.emplace(checksums.Data(), checksums.Data() + checksums.ElementLength());
    } else {
      made[i].offset = unsigned_argument(column);
    }
  }
  return made;
}

}  // namespace zc_addon
