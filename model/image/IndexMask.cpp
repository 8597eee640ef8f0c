#include "model/image/IndexMask.h"

#include "model/Error.h"
#include "model/image/ImageBytes.h"

#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <png.h>

namespace tagalign::model::image {

namespace {

/// libpng's state, and what it said last.
struct Decoder
{
    explicit Decoder(std::string_view all)
        : bytes(all),
          png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, onError, onWarning)),
          info(png != nullptr ? png_create_info_struct(png) : nullptr)
    {
    }

    ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }

    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    [[noreturn]] static void onError(png_structp png, png_const_charp text)
    {
        auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
        std::strncpy(decoder->message, text, sizeof(decoder->message) - 1);
        std::longjmp(decoder->escape, 1);
    }

    static void onWarning(png_structp, png_const_charp) {} // e.g. of chunks that say nothing here

    static void read(png_structp png, png_bytep to, png_size_t count)
    {
        auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
        if (count > decoder->bytes.size()) {
            png_error(png, "truncated");
        }
        std::memcpy(to, decoder->bytes.data(), count);
        decoder->bytes.remove_prefix(count);
    }

    std::string_view bytes; ///< not read yet
    std::jmp_buf escape{};
    char message[128] = {};
    png_structp png;
    png_infop info;
};

// Nothing with a destructor may live in a frame that longjmp leaves, hence the split in two.

bool begin(Decoder& decoder)
{
    if (decoder.info == nullptr || setjmp(decoder.escape) != 0) {
        return false;
    }
    png_set_read_fn(decoder.png, &decoder, Decoder::read);
    png_read_info(decoder.png, decoder.info);
    png_set_packing(decoder.png); // one byte for samples of less than 8 bits
    (void)png_set_interlace_handling(decoder.png);
    png_read_update_info(decoder.png, decoder.info);
    return true;
}

bool readRows(Decoder& decoder, png_bytepp rows)
{
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    png_read_image(decoder.png, rows);
    png_read_end(decoder.png, nullptr);
    return true;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const Decoder& decoder)
{
    throw FormatError(file.string() + ": truncated or damaged PNG (" + decoder.message + ")");
}

} // namespace

IndexMask decodeIndexMask(const std::filesystem::path& file)
{
    const std::string bytes = readBytes(file);
    const ImageHeader header = checkedHeader(file, bytes);
    if (header.format != ImageFormat::Png) {
        throw FormatError(file.string() + ": a mask has to be a PNG, this is a " +
                          formatName(header.format) + "; other formats change or lose labels");
    }
    Decoder decoder(bytes);
    if (!begin(decoder)) {
        refuse(file, decoder);
    }
    if (png_get_channels(decoder.png, decoder.info) != 1) {
        throw FormatError(file.string() + ": holds colours; a mask has one channel, grey or a "
                                          "palette, with a label for each pixel");
    }
    const std::size_t width = png_get_image_width(decoder.png, decoder.info);
    const std::size_t height = png_get_image_height(decoder.png, decoder.info);
    const std::size_t stride = png_get_rowbytes(decoder.png, decoder.info);
    std::vector<std::uint8_t> samples(stride * height);
    std::vector<png_bytep> rows;
    for (std::size_t y = 0; y < height; ++y) {
        rows.push_back(samples.data() + y * stride);
    }
    if (!readRows(decoder, rows.data())) {
        refuse(file, decoder);
    }
    IndexMask mask{int(width), int(height), std::vector<std::uint16_t>(width * height)};
    const bool isWide = stride == 2 * width; // 16 bits, the high byte first
    for (std::size_t i = 0; i < mask.labels.size(); ++i) {
        mask.labels[i] = isWide ? std::uint16_t(samples[2 * i] << 8U | samples[2 * i + 1])
                                : std::uint16_t(samples[i]);
    }
    return mask;
}

} // namespace tagalign::model::image
