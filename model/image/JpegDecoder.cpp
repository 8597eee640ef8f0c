#include "model/image/JpegDecoder.h"

#include "model/Error.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio> // jpeglib.h needs FILE
#include <string>

#include <jerror.h>
#include <jpeglib.h>

namespace tagalign::model::image {

namespace {

/// libjpeg's state; `error` first in its own struct so that callbacks find their way back.
struct Decoder
{
    jpeg_error_mgr error{};
    jpeg_decompress_struct info{};
    std::jmp_buf escape{};
    char message[JMSG_LENGTH_MAX] = {};
    bool isTruncated = false;
    bool isDamaged = false;
};

Decoder& decoderOf(j_common_ptr info)
{
    return *static_cast<Decoder*>(info->client_data);
}

void onError(j_common_ptr info)
{
    Decoder& decoder = decoderOf(info);
    info->err->format_message(info, decoder.message);
    std::longjmp(decoder.escape, 1);
}

void onMessage(j_common_ptr info, int level)
{
    if (level >= 0) {
        return; // a trace
    }
    Decoder& decoder = decoderOf(info);
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
        decoder.isTruncated = true;
        break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC:
        if (!decoder.isDamaged) {
            info->err->format_message(info, decoder.message);
        }
        decoder.isDamaged = true;
        break;
    default: // e.g. stray bytes between markers: every pixel is still there
        break;
    }
}

/// Three bytes from the four of inverted CMYK: Pillow's own rounding (Convert.c, cmyk2rgb).
void inkToRgb(const std::uint8_t* ink, std::uint8_t* rgb)
{
    const unsigned light = ink[3]; // 255 - k, k stored inverted
    for (int channel = 0; channel < 3; ++channel) {
        const unsigned cover = 255U - ink[channel];
        const unsigned product = cover * light + 128U;
        rgb[channel] = static_cast<std::uint8_t>(light - (((product >> 8U) + product) >> 8U));
    }
}

// Nothing with a destructor may live in a frame that longjmp leaves, hence the split in two.

bool begin(Decoder& decoder, std::string_view bytes)
{
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    jpeg_create_decompress(&decoder.info);
    jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&decoder.info, TRUE);
    const int components = decoder.info.num_components;
    decoder.info.out_color_space = components == 1   ? JCS_GRAYSCALE
                                   : components == 4 ? JCS_CMYK
                                                     : JCS_RGB;
    jpeg_start_decompress(&decoder.info);
    return true;
}

bool readRows(Decoder& decoder, std::uint8_t* rgb, std::uint8_t* row)
{
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    const std::size_t width = decoder.info.output_width;
    while (decoder.info.output_scanline < decoder.info.output_height) {
        std::uint8_t* out = rgb + decoder.info.output_scanline * width * 3;
        const bool isRgb = decoder.info.output_components == 3;
        JSAMPROW target = isRgb ? out : row;
        jpeg_read_scanlines(&decoder.info, &target, 1);
        if (decoder.info.output_components == 1) {
            for (std::size_t x = 0; x < width; ++x) {
                out[x * 3] = out[x * 3 + 1] = out[x * 3 + 2] = row[x];
            }
        } else if (decoder.info.output_components == 4) {
            for (std::size_t x = 0; x < width; ++x) {
                inkToRgb(row + x * 4, out + x * 3);
            }
        }
    }
    jpeg_finish_decompress(&decoder.info);
    return true;
}

struct Release
{
    jpeg_decompress_struct& info;

    ~Release() { jpeg_destroy_decompress(&info); }
};

} // namespace

RgbImage decodeJpeg(std::string_view bytes)
{
    Decoder decoder;
    decoder.info.err = jpeg_std_error(&decoder.error);
    decoder.info.client_data = &decoder;
    decoder.error.error_exit = onError;
    decoder.error.emit_message = onMessage;
    const Release release{decoder.info};
    RgbImage image;
    bool isWhole = begin(decoder, bytes);
    if (isWhole) {
        image.width = static_cast<int>(decoder.info.output_width);
        image.height = static_cast<int>(decoder.info.output_height);
        image.bytes.resize(std::size_t(image.width) * image.height * 3);
        std::vector<std::uint8_t> row(std::size_t(image.width) * 4);
        isWhole = readRows(decoder, image.bytes.data(), row.data());
    }
    if (decoder.isTruncated) {
        throw FormatError("truncated JPEG");
    }
    if (!isWhole || decoder.isDamaged) {
        throw FormatError("damaged JPEG (" + std::string(decoder.message) + ")");
    }
    return image;
}

} // namespace tagalign::model::image
