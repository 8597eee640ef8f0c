#include "model/clip/Device.h"

#include "model/Error.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/torch.h>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <typeinfo>

namespace tagalign::model::clip {

namespace {

/// The first line of /proc/cpuinfo that lists the instruction sets, padded with spaces.
const std::string& cpuFlags()
{
    static const std::string flags = [] {
        std::ifstream info("/proc/cpuinfo");
        for (std::string line; std::getline(info, line);) {
            if (line.starts_with("flags")) {
                return line + " ";
            }
        }
        return std::string();
    }();
    return flags;
}

bool cpuHas(const std::string& flag)
{
    return cpuFlags().find(" " + flag + " ") != std::string::npos;
}

std::filesystem::path folderOfTorch()
{
    Dl_info info{};
    const auto* symbol = reinterpret_cast<const void*>(&at::globalContext);
    if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) {
        return {};
    }
    return std::filesystem::path(info.dli_fname).parent_path();
}

/// PyTorch looks for the CUDA part once, at the first call that could concern it (a seed will do),
/// and goes on without for good: whoever made that call before the library was there was too early.
bool wasLoadedTooLate()
{
    return typeid(at::detail::getCUDAHooks()) == typeid(at::CUDAHooksInterface);
}

CudaStatus tryCuda()
{
    const std::filesystem::path library = folderOfTorch() / "libtorch_cuda.so";
    if (!std::filesystem::exists(library)) {
        return {false, "only the CPU part of LibTorch is installed"};
    }
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        const char* text = dlerror();
        return {false, "libtorch_cuda.so cannot be loaded (" +
                           std::string(text != nullptr ? text : "no reason given") + ")"};
    }
    if (wasLoadedTooLate()) {
        return {false, "this program used LibTorch before it loaded libtorch_cuda.so; report it"};
    }
    if (!torch::cuda::is_available()) {
        return {false, "no CUDA device answers; check the driver"};
    }
    return {true, {}};
}

} // namespace

void keepThreadsFromSpinning(char** arguments)
{
    // GNU's and LLVM's runtimes: a wait of microseconds still spins, a longer one sleeps.
    constexpr const char* kSpins = "GOMP_SPINCOUNT";
    constexpr const char* kBlockTime = "KMP_BLOCKTIME";
    if (std::getenv(kSpins) == nullptr && std::getenv("OMP_WAIT_POLICY") == nullptr &&
        ::setenv(kSpins, "2000", 1) == 0) {
        ::setenv(kBlockTime, "0", 0);
        ::execv("/proc/self/exe", arguments); // returns only if it failed: then as it was
    }
}

bool cpuHasBFloat16()
{
    return cpuHas("avx512_bf16") || cpuHas("amx_bf16");
}

bool gpuHasBFloat16()
{
    return loadCuda().isUsable &&
           at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

std::string cpuCapabilities()
{
    std::ostringstream text;
    text << at::get_num_threads() << " threads, "
         << (cpuHas("avx512f") ? "AVX-512" : (cpuHas("avx2") ? "AVX2" : "no AVX2"));
    text << (cpuHasBFloat16() ? ", bf16 instructions" : ", no bf16 instructions");
    text << (cpuHas("avx512_vnni") || cpuHas("avx_vnni") ? ", int8 dot products" : "");
    text << "; encodes in " << (cpuHasBFloat16() ? "bf16" : "fp32");
    return text.str();
}

std::string gpuCapabilities()
{
    const CudaStatus& status = loadCuda();
    if (!status.isUsable) {
        return "none: " + status.reason;
    }
    return std::to_string(torch::cuda::device_count()) + " CUDA device(s), " +
           (gpuHasBFloat16() ? "bf16" : "no bf16") + "; encodes in " +
           (gpuHasBFloat16() ? "bf16" : "fp32");
}

const CudaStatus& loadCuda()
{
    static const CudaStatus status = tryCuda();
    return status;
}

std::string resolveDevice(std::string_view choice)
{
    if (choice != "auto" && choice != "cpu" && choice != "cuda") {
        throw Error("\"" + std::string(choice) + "\" is no device; say auto, cpu or cuda");
    }
    // For the CPU as well: what runs next would shut out a later job's wish for the GPU.
    const CudaStatus& cuda = loadCuda();
    if (choice == "cuda" && !cuda.isUsable) {
        throw Error("no GPU can be used: " + cuda.reason + "; say --device cpu");
    }
    return choice != "cpu" && cuda.isUsable ? "cuda" : "cpu";
}

int usualBatchSize(std::string_view device)
{
    return device == "cpu" ? 16 : 128;
}

} // namespace tagalign::model::clip
