# Finds LibTorch as the PyPI wheel carries it: ROOT/include and ROOT/lib.
#
# The wheel's own TorchConfig.cmake asks for a CUDA toolkit even where only the CPU part is
# linked, so it is not used. Input: LIBTORCH_ROOT (cache or environment variable); default is
# where packaging/run puts it. Output: the target LibTorch::cpu.
# libtorch_cuda is never linked: the program loads it at start where the CUDA set is complete.

if(NOT LIBTORCH_ROOT AND DEFINED ENV{LIBTORCH_ROOT})
    set(LIBTORCH_ROOT "$ENV{LIBTORCH_ROOT}")
endif()
set(LIBTORCH_ROOT "${LIBTORCH_ROOT}" CACHE PATH "Folder with LibTorch's include and lib")
if(NOT LIBTORCH_ROOT)
    set(LIBTORCH_ROOT "${PROJECT_SOURCE_DIR}/build/deps/libtorch" CACHE PATH
        "Folder with LibTorch's include and lib" FORCE)
endif()

find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/torch.h
          PATHS "${LIBTORCH_ROOT}/include" NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
    LibTorch
    REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "run packaging/run once, or set LIBTORCH_ROOT to a torch folder")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
    find_package(Threads REQUIRED)
    add_library(LibTorch::cpu INTERFACE IMPORTED)
    target_include_directories(
        LibTorch::cpu SYSTEM INTERFACE "${LibTorch_INCLUDE_DIR}"
                                       "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
    target_link_libraries(LibTorch::cpu INTERFACE "${LibTorch_CPU_LIBRARY}"
                                                  "${LibTorch_C10_LIBRARY}" Threads::Threads)
    # The CUDA runtime that libtorch_cpu itself asks for lies beside it. An old-style RPATH,
    # unlike RUNPATH, is searched for the libraries of libraries too.
    target_link_options(
        LibTorch::cpu INTERFACE "LINKER:-rpath-link,${LIBTORCH_ROOT}/lib"
        "LINKER:-rpath,${LIBTORCH_ROOT}/lib" "LINKER:--disable-new-dtags"
        "LINKER:--allow-shlib-undefined")
endif()
