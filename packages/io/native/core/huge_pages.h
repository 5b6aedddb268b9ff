// Memory in pages of 2 MiB, of memfds and of the page cache, wherever the kernel has any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zc {

inline constexpr size_t huge_page_bytes = 2 << 20;

// Maps `bytes` of a file to be read and written, or of memory where `flags` say so, at an address that is a multiple
// of 2 MiB: only there can a page table name a huge page by one entry. MAP_FAILED and errno as mmap() has them;
// munmap() ends it.
void* map_aligned(size_t bytes, int flags, int fd) noexcept;

// Gives memory to a range that begins at a multiple of 2 MiB of such a map, without changing what it holds: whole
// huge pages by MADV_COLLAPSE (Linux 6.1; unlike page faults it asks nobody whether shared memory may have them),
// the rest and what is refused by MADV_POPULATE_WRITE (5.14). Where that is missing too, the first use does it.
// Returns whether asking for further huge pages is worth while.
bool give_memory(std::byte* address, size_t bytes, bool ask_for_huge) noexcept;

// From now on a page of this map that is missing is read with all of its 2 MiB, as one page, where the file system
// can (ext4 since Linux 6.16, XFS since 5.18). False where the kernel does not read so.
bool read_in_huge_pages(std::byte* address, size_t bytes) noexcept;

}  // namespace zc
