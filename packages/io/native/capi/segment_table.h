// The segments that a server has told of, by their numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "segment.h"

namespace zc::capi {

class SegmentTable {
 public:
  void add(uint32_t number, std::shared_ptr<Segment> segment) {
    const std::lock_guard lock(mutex_);
    known_.emplace_back(number, std::move(segment));
  }

  void remove(uint32_t number) {
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [number](const auto& each) { return each.first == number; });
  }

  // Null where no such segment is known.
  std::shared_ptr<Segment> find(uint32_t number) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [each, segment] : known_) {
      if (each == number) return segment;
    }
    return nullptr;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<uint32_t, std::shared_ptr<Segment>>> known_;
};

}  // namespace zc::capi
