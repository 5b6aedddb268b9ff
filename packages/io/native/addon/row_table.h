// Binds zc::RowTable.
#pragma once

#include <napi.h>

#include <memory>

#include "core/row_table.h"

namespace zc_addon {

// Filled by the engine whose files it names. The object holds the table, and so do batches while they copy.
class RowTable : public Napi::ObjectWrap<RowTable> {
 public:
  static Napi::Function define(Napi::Env env);
  // (firstRows, rowBytes)
  explicit RowTable(const Napi::CallbackInfo& info);

  const std::shared_ptr<zc::RowTable>& table() const { return table_; }

 private:
  Napi::Value holds(const Napi::CallbackInfo& info);
  void remove(const Napi::CallbackInfo& info);

  std::shared_ptr<zc::RowTable> table_;
};

// The columns of one file from JavaScript: of each its offset in the file, with or without its rows' checksums, or a
// Uint8Array that is copied.
std::vector<zc::RowColumn> row_columns(const Napi::Array& columns);

}  // namespace zc_addon
