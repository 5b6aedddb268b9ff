{
  # Not at the package's root: npm would compile it at every installation. native/build.mjs runs it in
  # native/build/<kind>/addon, where src leads to this folder.
  'variables': {
    'kind%': 'release',
    'native': '<(module_root_dir)/../../..',
  },
  'targets': [{
    'target_name': 'zc_io',
    'sources': [
      'src/module.cc',
      'src/buffer_pool.cc',
      'src/capabilities.cc',
      'src/descriptors.cc',
      'src/engine_session.cc',
      'src/environment.cc',
      'src/file_writer.cc',
      'src/lease.cc',
      'src/mapped_file.cc',
      'src/promise_task.cc',
      'src/read_engine.cc',
      'src/row_table.cc',
      'src/shared_slot.cc',
      'src/slot_program.cc',
      'src/wakeup.cc',
      'src/watch.cc',
    ],
    'include_dirs': ['<(native)', '<!(node -p "require(\'node-addon-api\').include_dir")'],
    'defines': [
      'NAPI_VERSION=8',
      'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
      'NODE_ADDON_API_DISABLE_DEPRECATED',
      'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    ],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-rtti'],
    'cflags_cc': ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
    # The core was compiled by its Makefile: the addon and libzc_core.so are made of the same objects.
    'libraries': [
      '<!@(sed "s|^|<(native)/build/<(kind)/|; s|cc$|o|" <(native)/sources.txt)',
      '-l:liburing.a',
      '-l:libzstd.a',
    ],
    # The process's SIGBUS handler is in it, and threads that a read never came back to: it is never unloaded.
    'ldflags': ['-Wl,--exclude-libs,ALL', '-Wl,-z,nodelete', '-pthread'],
    'conditions': [
      ['kind=="release"', {
        'cflags': ['-O2', '-g'],
        'ldflags': ['-static-libstdc++', '-static-libgcc'],
      }],
      ['kind=="debug"', {
        'cflags': ['-O0', '-g'],
        'ldflags': ['-static-libstdc++', '-static-libgcc'],
      }],
      ['kind=="asan"', {
        'cflags': ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
        'ldflags': ['-fsanitize=address,undefined'],
      }],
    ],
  }],
}
