#pragma once

#include "model/image/RgbImage.h"

#include <string_view>

namespace tagalign::model::image {

/// Decodes a whole JPEG as stored (no orientation). libjpeg only warns of missing data and
/// paints the rest grey; here that is an error. Four components are taken as inverted CMYK, as
/// Adobe writes them and Pillow reads them.
/// @throws FormatError without the file's name: "truncated JPEG", "damaged JPEG (..)"
[[nodiscard]] RgbImage decodeJpeg(std::string_view bytes);

} // namespace tagalign::model::image
