# What every target of the project shares: the target tagalign_options and the output folders.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    # Sloppiness as ccache's manual asks for it where precompiled headers are used.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "CCACHE_NOHASHDIR=1" "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${CCACHE_PROGRAM}")
endif()

add_library(tagalign_options INTERFACE)
target_compile_definitions(tagalign_options INTERFACE QT_NO_KEYWORDS $<$<NOT:$<CONFIG:Release>>:QT_FORCE_ASSERTS>)
target_compile_options(
    tagalign_options
    INTERFACE -fPIC # one flag for libraries and programs, so that they can share a PCH
              -Wall
              -Wextra
              -Wpedantic
              -Wshadow
              -Wnon-virtual-dtor
              -Woverloaded-virtual
              -Wno-missing-field-initializers # designated initialisers leave the defaults alone
              -Werror
              # g++ 12 takes "text" + std::string for an overlapping copy (its bug 105651)
              "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess;-Wno-restrict>")
target_include_directories(tagalign_options INTERFACE "${PROJECT_SOURCE_DIR}")

if(TAGALIGN_SANITIZE)
    # g++ 12 takes an std::optional in an instrumented LibTorch header for uninitialised.
    target_compile_options(tagalign_options INTERFACE -fsanitize=address,undefined
                                                      -fno-omit-frame-pointer
                                                      -Wno-maybe-uninitialized)
    target_link_options(tagalign_options INTERFACE -fsanitize=address,undefined)
endif()

# tagalign_use_torch(target): links LibTorch and shares one precompiled <torch/torch.h>.
function(tagalign_use_torch target)
    target_link_libraries(${target} PUBLIC LibTorch::cpu)
    if(NOT TARGET tagalign_torch_pch)
        file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/torch_pch.cpp" # touched only if it changes
             CONTENT "// Holds the precompiled header.\n")
        add_library(tagalign_torch_pch OBJECT "${PROJECT_BINARY_DIR}/torch_pch.cpp")
        set_target_properties(tagalign_torch_pch PROPERTIES AUTOMOC OFF AUTORCC OFF)
        target_link_libraries(tagalign_torch_pch PRIVATE tagalign_options LibTorch::cpu)
        target_precompile_headers(tagalign_torch_pch PRIVATE <torch/torch.h>)
    endif()
    target_precompile_headers(${target} REUSE_FROM tagalign_torch_pch)
endfunction()
