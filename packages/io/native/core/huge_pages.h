// Memory of memfds in pages of 2 MiB, wherever the kernel has any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zc {

inline constexpr size_t huge_page_bytes = 2 << 20;

// Maps `bytes` of a memfd (or, with fd -1, of shared memory without a name) to be read and written, at an address
// that is a multiple of 2 MiB: only there can a page table name a huge page by one entry. MAP_FAILED and errno as
// mmap() has them; munmap() ends it.
void* map_shared_aligned(int fd, size_t bytes) noexcept;

// Gives memory to a range that begins at a multiple of 2 MiB of such a map, without changing what it holds: whole
// huge pages by MADV_COLLAPSE (Linux 6.1; unlike page faults it asks nobody whether shared memory may have them),
// the rest and what is refused by MADV_POPULATE_WRITE (5.14). Where that is missing too, the first use does it.
// Returns whether asking for further huge pages is worth while.
bool give_memory(std::byte* address, size_t bytes, bool ask_for_huge) noexcept;

}  // namespace zc
