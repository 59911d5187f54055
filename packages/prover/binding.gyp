{
  # The native prover: our C++ over blst's C and assembly, behind Node-API. install.mjs runs it through node-gyp.
  "variables": {
    # 1 where the compiler knows AVX-512 IFMA; the processor is asked at run time.
    "sero_ifma%": 0,
    # Relative: make takes no absolute path of a source.
    "blst": "<!(node -p \"require('path').relative('.', require('path').dirname(require.resolve('c-kzg/package.json')))\")/deps/blst"
  },
  "target_defaults": {
    "defines": ["NAPI_VERSION=8", "__BLST_PORTABLE__"],
    "include_dirs": ["native/include", "native/src", "<(blst)/bindings"],
    "cflags": ["-O3", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra"],
    "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
    "xcode_settings": {
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
      "GCC_ENABLE_CPP_RTTI": "NO",
      "MACOSX_DEPLOYMENT_TARGET": "13.0"
    },
    "conditions": [["sero_ifma==1", { "defines": ["SERO_HAS_IFMA"] }]]
  },
  "targets": [
    {
      "target_name": "sero_prover",
      "type": "loadable_module",
      "product_extension": "node",
      "sources": [
        "<!@(node -p \"require('fs').readdirSync('native/addon').filter((f) => f.endsWith('.cpp')).map((f) => 'native/addon/' + f).join(' ')\")",
        "<!@(node -p \"require('fs').readdirSync('native/src').filter((f) => f.endsWith('.cpp') && !/^kernels_(ifma|wasm)/.test(f)).map((f) => 'native/src/' + f).join(' ')\")",
        "<(blst)/src/server.c",
        "<(blst)/build/assembly.S"
      ],
      "libraries": ["-lpthread"],
      "conditions": [["sero_ifma==1", { "dependencies": ["sero_ifma"] }]]
    }
  ],
  "conditions": [
    ["sero_ifma==1", {
      "targets": [
        {
          # One unit with flags of its own: nothing else may hold an instruction that an older processor lacks.
          "target_name": "sero_ifma",
          "type": "static_library",
          "sources": ["native/src/kernels_ifma.cpp"],
          "cflags": ["-mavx512f", "-mavx512ifma", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mavx512vbmi", "-mbmi2", "-madx", "-mtune=icelake-server"],
          "xcode_settings": {
            "OTHER_CFLAGS": ["-mavx512f", "-mavx512ifma", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mavx512vbmi", "-mbmi2", "-madx", "-mtune=icelake-server"]
          }
        }
      ]
    }]
  ]
}
