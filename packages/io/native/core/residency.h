// Which bytes of a file the page cache holds.
#pragma once

#include <cstdint>

#include "result.h"

namespace zc {

// How many bytes of [offset, offset + length) are in the page cache, in whole pages but for the range's ends.
// cachestat (Linux 6.5) tells without starting a read. Where it is missing or forbidden (it is for files that
// the process neither owns nor may write), at most `samples_max` pages of the range are probed with one byte each by
// preadv2(RWF_NOWAIT), and the answer is their share. mincore is not asked: it calls every page of a stranger's
// file resident. The error has no path: the caller knows it.
Result<uint64_t> resident_bytes(int fd, uint64_t offset, uint64_t length, uint64_t samples_max = 256) noexcept;

}  // namespace zc
