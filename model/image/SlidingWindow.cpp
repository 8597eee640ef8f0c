#include "model/image/SlidingWindow.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tagalign::model::image {

namespace {

void requirePositive(int number, const char* what)
{
    if (number < 1) {
        throw RangeError(std::string(what) + " must be at least 1 pixel, not " +
                         std::to_string(number));
    }
}

/// Where windows begin along one side.
std::vector<int> startsOn(int length, int window, int stride)
{
    std::vector<int> starts{0};
    while (starts.back() + window < length) {
        starts.push_back(std::min(starts.back() + stride, length - window));
    }
    return starts;
}

} // namespace

PixelSize fitShortSide(PixelSize picture, int shortSide)
{
    requirePositive(std::min(picture.width, picture.height), "a picture's side");
    requirePositive(shortSide, "the short side");
    const double scale = std::min(double(shortSide) / std::min(picture.width, picture.height),
                                  double(std::max(shortSide, kLongestSide)) /
                                      std::max(picture.width, picture.height));
    const auto scaled = [scale](int side) { return std::max(1, int(std::lround(side * scale))); };
    return {scaled(picture.width), scaled(picture.height)};
}

SlidingWindows slidingWindows(PixelSize picture, int side, int stride)
{
    requirePositive(std::min(picture.width, picture.height), "a picture's side");
    requirePositive(side, "the window");
    requirePositive(stride, "the stride");
    if (stride > side) {
        throw RangeError("a stride of " + std::to_string(stride) + " pixels leaves gaps between " +
                         "windows of " + std::to_string(side) + "; choose a smaller one");
    }
    SlidingWindows windows{
        .picture = picture,
        .window = {std::min(side, picture.width), std::min(side, picture.height)},
        .corners = {}};
    const std::vector<int> tops = startsOn(picture.height, windows.window.height, stride);
    const std::vector<int> lefts = startsOn(picture.width, windows.window.width, stride);
    if (tops.size() * lefts.size() > kMostWindows) {
        throw RangeError("a picture of " + std::to_string(picture.width) + " × " +
                         std::to_string(picture.height) + " pixels has " +
                         std::to_string(tops.size() * lefts.size()) + " windows of " +
                         std::to_string(side) + " every " + std::to_string(stride) +
                         ", more than " + std::to_string(kMostWindows) +
                         "; choose larger windows or a longer stride");
    }
    for (const int top : tops) {
        for (const int left : lefts) {
            windows.corners.push_back({top, left});
        }
    }
    return windows;
}

} // namespace tagalign::model::image
