/* The core's C ABI: what Python reaches through ctypes. Plain C, thread-safe, never calls back, and holds no
 * lock of the caller's: call it without the interpreter lock.
 *
 * Functions that can fail return 0, or an error number (see zc_error_name) and fill `error` unless it is NULL.
 */
#ifndef ZC_CORE_H
#define ZC_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZC_API __attribute__((visibility("default")))

typedef struct zc_error {
  int32_t code;      /* 0: no error */
  int32_t sys_errno; /* 0: the system reported none */
  uint64_t offset;   /* in the file; UINT64_MAX where none applies */
  char message[512]; /* what, where, expected and found; UTF-8, cut if need be, ends with NUL */
} zc_error;

typedef struct zc_map zc_map; /* opaque; ends with zc_map_close */

/* Version of this ABI: rises when a function changes or goes. This header describes version 4. */
ZC_API uint32_t zc_abi_version(void);
/* Version of the library, "0.1.0". Static. */
ZC_API const char *zc_version(void);
/* "ZC_IO_OPEN" and so on; "" for 0. Static. */
ZC_API const char *zc_error_name(int32_t code);

/* Maps a whole file: private, guarded against SIGBUS. `*map` is the caller's. */
ZC_API int32_t zc_map_open(const char *path, zc_map **map, zc_error *error);
/* The first byte; NULL for an empty file. Valid until zc_map_close. Writing there is not seen by the file. */
ZC_API void *zc_map_address(const zc_map *map);
ZC_API uint64_t zc_map_size(const zc_map *map);
/* Brings the range into memory; blocks until it is there. */
ZC_API int32_t zc_map_populate(zc_map *map, uint64_t offset, uint64_t length, zc_error *error);
/* Asks for the range to be read, and does not wait. */
ZC_API int32_t zc_map_willneed(zc_map *map, uint64_t offset, uint64_t length, zc_error *error);
/* How many bytes of the range the page cache holds. */
ZC_API int32_t zc_map_resident(const zc_map *map, uint64_t offset, uint64_t length, uint64_t *bytes, zc_error *error);
/* 0, or the poisoned error: the file was cut short under the map, and part of it reads as zeros. */
ZC_API int32_t zc_map_check(const zc_map *map, zc_error *error);
/* 1 when poisoned, else 0. */
ZC_API int32_t zc_map_poisoned(const zc_map *map);
/* Unmaps. No thread may touch the memory afterwards. NULL is allowed. */
ZC_API void zc_map_close(zc_map *map);

/* CRC32C of `length` bytes, continuing from `seed` (0 to begin). */
ZC_API uint32_t zc_crc32c(const void *data, uint64_t length, uint32_t seed);
/* Wrapping sum of the 64-bit words, the tail padded with zeros. */
ZC_API uint64_t zc_sum64(const void *data, uint64_t length);

/* Copies rows [offsets[i], offsets[i] + row_bytes) of the map to destination + i * row_bytes. Every range is
 * checked against the file's size first (ZC_ARGUMENT, nothing copied); ZC_IO_POISONED if a page was missing. */
ZC_API int32_t zc_gather(const zc_map *map, const uint64_t *offsets, uint64_t count, uint64_t row_bytes,
                         void *destination, zc_error *error);
/* Ranges of many maps, and where their bytes go; range i is of maps[i]. Offsets and lengths are bytes. */
typedef struct zc_ranges {
  const zc_map *const *maps; /* one a range; the caller keeps them open */
  const uint64_t *offsets;   /* in the map */
  const uint64_t *lengths;   /* NULL: each is `length` */
  uint64_t length;
  uint64_t count;
  void *destination;         /* NULL: nothing is copied, checksums alone are compared */
  uint64_t destination_bytes;
  const uint64_t *places;    /* in the destination, no two of them overlapping; NULL: i * length */
  const uint32_t *checksums; /* the CRC32C of each range; NULL: none is compared */
  const uint8_t *checked;    /* 0: that range's is not compared; NULL: all are */
} zc_ranges;

/* Copies ranges, each compared with its checksum in the same pass. Every range is checked against its map and the
 * destination first (ZC_ARGUMENT, nothing copied). ZC_IO_CHECKSUM and ZC_IO_POISONED are of the range `*bad_range`
 * (bad_range may be NULL). */
ZC_API int32_t zc_gather_ranges(const zc_ranges *ranges, uint64_t *bad_range, zc_error *error);

/* Maps a slot segment that came over a socket, shared, readable and writable. The descriptor stays the
 * caller's and may be closed afterwards. Refuses a memfd that is shorter than `length` or could still shrink. */
ZC_API int32_t zc_memfd_map(int fd, uint64_t length, void **address, zc_error *error);
ZC_API int32_t zc_memfd_unmap(void *address, uint64_t length, zc_error *error);
/* Stores a slot's generation into its control word (release order): the lease is over. A NULL-safe, lock-free
 * store, fit for a finalizer. */
ZC_API void zc_slot_release(void *control_word, uint32_t generation);

/* Objects of Python, for a caller that holds the interpreter's lock (ctypes.PyDLL); where zc_py_available says 0 there
 * is no Python in this process, and none of them may be called. Arguments are borrowed, results are the caller's. NULL
 * is returned with an exception set. Nothing here lets go of the lock, but what a call of `from_dlpack` does. */
typedef struct _object PyObject;
ZC_API int32_t zc_py_available(void);

/* Maps a segment of slots (docs/reference/bridge-protocol.md, section 5); None, with `error` filled, where it does not
 * fit its memfd. Both descriptors stay the caller's. The map ends with the object and with the last lease on a slot. */
ZC_API PyObject *zc_py_segment(int fd, uint64_t size_bytes, uint64_t control_bytes, uint32_t slots,
                               uint64_t slot_bytes, int released, zc_error *error);
ZC_API void *zc_py_segment_address(PyObject *segment);
/* How many leases on its slots live. */
ZC_API uint32_t zc_py_segment_leases(PyObject *segment);
/* No lease's end is told from here on: `released` may be closed. */
ZC_API void zc_py_segment_forget(PyObject *segment);
/* Takes one of the segment's slots: the lease ends, and is told, when the object dies. A process forked from this one
 * tells nothing. */
ZC_API PyObject *zc_py_lease(PyObject *segment, uint32_t slot, uint32_t generation);

/* Segments by the numbers that batch messages give them; it keeps them. */
ZC_API PyObject *zc_py_segment_table(void);
ZC_API void zc_py_segment_table_add(PyObject *table, uint32_t number, PyObject *segment);
ZC_API void zc_py_segment_table_remove(PyObject *table, uint32_t number);

/* A field whose rows have one shape; the type in the words of DLPack. */
typedef struct zc_tensor_field {
  const int64_t *row_shape;
  uint32_t dimensions; /* of a row */
  uint8_t type_code;
  uint8_t type_bits;
} zc_tensor_field;

/* Makes batches of their messages: instances of `batch_type`, a subclass of dict: by the field's name what `from_dlpack`
 * makes of a capsule, `way` one of `ways`, `_indices` the capsule of the samples' numbers. `fields` has one for each of
 * `names`, and is copied. */
ZC_API PyObject *zc_py_batch_maker(PyObject *segments, PyObject *names, PyObject *ways, PyObject *batch_type,
                                   PyObject *from_dlpack, const zc_tensor_field *fields);
/* A function of one argument, the bytes of a batch message, that takes the slot and gives the batch. None where the
 * message does not fit the fields or its slot: nothing is taken then. */
ZC_API PyObject *zc_py_batch_maker_function(PyObject *maker);

/* How far an iteration is, shared with Python. Times are seconds of the steady clock. */
typedef struct zc_iteration {
  uint64_t taken;      /* batches: the number of the next one */
  uint64_t handed_out; /* batches */
  double given_at;     /* the last one; 0: none */
  uint32_t over;       /* nothing is taken any more */
  uint32_t asking;     /* a batch was asked for and has not been given */
} zc_iteration;
/* What a loader's consumer waits for and works. */
typedef struct zc_clock {
  double waited_ms;
  double step_ms;
  uint64_t stalls;
  uint64_t ready_batches;
  double asked_at; /* for the batch that was asked for last */
  uint64_t ready;  /* how many had come then */
} zc_clock;
/* A socket that frames are read from, here and in Python. */
typedef struct zc_stream {
  uint64_t received_bytes; /* here */
  uint32_t busy;           /* Python is reading, or has part of what comes next */
  uint32_t closed;
} zc_stream;
/* A function without arguments that takes the iteration's next batch off the socket and gives it, and counts that. None
 * where it has not come, something else comes before it, which is left there, or the socket is busy. `keeper` keeps
 * what is counted in. */
ZC_API PyObject *zc_py_batch_taker(PyObject *maker, int control, uint32_t channel, uint32_t iteration,
                                   zc_iteration *counts, zc_clock *clock, zc_stream *stream, PyObject *keeper);

/* Gathers samples of mapped shards into memory of its own, which is used again once nothing made of it is left. Sample i
 * lies in the first of the shards whose `ends` is above i. */
ZC_API PyObject *zc_py_gatherer(const uint64_t *ends, uint64_t shards, PyObject *names, PyObject *way,
                                PyObject *batch_type, PyObject *from_dlpack, const zc_tensor_field *fields);
/* A function of one argument, a list of samples' numbers, that gives a batch as zc_py_batch_maker's does, its rows copied
 * without the interpreter's lock. None where the argument is no list of integers, one is no sample's, or lies in a shard
 * that was not added, or a file was cut short. */
ZC_API PyObject *zc_py_gatherer_function(PyObject *gatherer);
/* A shard all of whose rows are known to be right, and where each field begins in it; it keeps the map. 0 where the
 * file does not hold them. */
ZC_API int32_t zc_py_gatherer_add(PyObject *gatherer, uint64_t shard, const zc_map *map, const uint64_t *regions);
/* Forgets all shards. */
ZC_API void zc_py_gatherer_clear(PyObject *gatherer);

/* What was gathered ahead and taken. */
typedef struct zc_gathered {
  uint64_t batches;
  uint64_t samples;
  uint64_t bytes;
  double copy_ms;
} zc_gathered;
enum zc_gather_outcome { ZC_GATHER_TAKEN, ZC_GATHER_NOT_READY, ZC_GATHER_NO_SAMPLES, ZC_GATHER_NO_ROOM, ZC_GATHER_FAILED };
/* Gathers batches of so many samples in turn, `ahead` of them before they are asked for, from the shards that the gatherer
 * knows now. At most `lent_max` batches live at a time. None where it cannot have a thread. */
ZC_API PyObject *zc_py_gather_ahead(PyObject *gatherer, uint64_t batch_samples, uint64_t ahead, uint64_t lent_max,
                                    zc_iteration *counts, zc_clock *clock, zc_gathered *gathered, PyObject *keeper);
/* A function without arguments that gives the next batch and counts it; None where it cannot, for the reason that
 * zc_py_gather_ahead_outcome gives. */
ZC_API PyObject *zc_py_gather_ahead_function(PyObject *gather_ahead);
/* Samples of further batches: whole ones, but for the last of all. 0 where there is no memory for them. */
ZC_API int32_t zc_py_gather_ahead_add(PyObject *gather_ahead, const int64_t *samples, uint64_t count);
ZC_API int32_t zc_py_gather_ahead_outcome(PyObject *gather_ahead);
/* Nothing is gathered any more, and what was not taken is let go of. */
ZC_API void zc_py_gather_ahead_end(PyObject *gather_ahead);

#ifdef __cplusplus
}
#endif
#endif
