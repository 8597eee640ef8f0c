#pragma once

#include <string>
#include <string_view>

namespace tagalign::model::clip {

/// Threads of a parallel loop that wait for the next one spin for milliseconds by default, which
/// starves whatever else wants their cores, the window first. OpenMP's runtime reads its settings
/// when it is loaded: unless the user has set them, this starts the program anew with others.
/// Call it first in main(); returns if nothing is to be done.
void keepThreadsFromSpinning(char** arguments);

/// What the CPU part computes with, e.g. "2 threads, AVX-512, bf16 instructions".
[[nodiscard]] std::string cpuCapabilities();

/// The GPU's name, or "none: " and the reason. Never throws for a missing GPU.
[[nodiscard]] std::string gpuCapabilities();

/// True if the CPU multiplies bfloat16 natively (avx512_bf16 or amx_bf16).
[[nodiscard]] bool cpuHasBFloat16();

/// True if the GPU multiplies bfloat16 natively (compute capability 8.0 and later).
[[nodiscard]] bool gpuHasBFloat16();

struct CudaStatus
{
    bool isUsable = false;
    std::string reason; ///< one sentence if not usable
};

/// Loads libtorch_cuda.so from beside libtorch_cpu.so where the whole CUDA set is installed, so
/// that the same program uses the GPU. Does its work once; any thread may call it.
///
/// Call it before anything else of torch. PyTorch looks for CUDA once, at the first call that
/// could concern it (torch::manual_seed is one), and a library loaded later is never used. Models
/// (ClipModel), resolveDevice(), benchmarks and pretraining call it first; a program or test that
/// seeds or computes before it makes one of those must do so itself.
const CudaStatus& loadCuda();

/// "auto", "cpu" or "cuda" to what torch::Device takes: "cpu" or "cuda".
/// @throws Error for another name, or for "cuda" where no GPU is usable (with the reason).
[[nodiscard]] std::string resolveDevice(std::string_view choice);

/// Images at once that keep a device busy. @param device what resolveDevice() gave.
[[nodiscard]] int usualBatchSize(std::string_view device);

} // namespace tagalign::model::clip
