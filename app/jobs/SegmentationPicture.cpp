#include "app/jobs/SegmentationPicture.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <map>

namespace tagalign::app {

namespace {

struct Segmentation
{
    Q_DECLARE_TR_FUNCTIONS(Segmentation)
};

using model::pipeline::kNoLabel;
using Labels = std::vector<std::uint16_t>;

constexpr int kGap = 8;        ///< pixels
constexpr int kLine = 20;      ///< pixels of a line of text
constexpr int kSwatch = 12;    ///< pixels
constexpr int kEntry = 160;    ///< pixels of a class in the legend
constexpr double kCover = 0.6; ///< of the label's colour over the picture
/// Share of the labelled pixels from which on a class is in the legend: slivers would fill it.
constexpr double kLeastShare = 0.002;

/// Hues by the golden ratio, so that classes that follow each other differ.
QColor colourOf(std::size_t label)
{
    constexpr double kGolden = 0.618033988749895;
    const double hue = std::fmod(double(label) * kGolden, 1.0);
    return QColor::fromHsvF(float(hue), label % 2 == 0 ? 0.85F : 0.6F,
                            label % 3 == 0 ? 0.95F : 0.75F);
}

QImage imageOf(const model::image::RgbImage& picture)
{
    return QImage(picture.bytes.data(), picture.width, picture.height, qsizetype(3) * picture.width,
                  QImage::Format_RGB888)
        .convertToFormat(QImage::Format_RGB32);
}

/// Where nothing counts the picture stays as it is.
QImage covered(QImage image, const Labels& labels)
{
    for (int y = 0; y < image.height(); ++y) {
        auto* row = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            const std::uint16_t label = labels[std::size_t(y) * image.width() + x];
            if (label == kNoLabel) {
                continue;
            }
            const QColor colour = colourOf(label);
            const auto mixed = [](int under, int over) {
                return int(under * (1.0 - kCover) + over * kCover);
            };
            row[x] = qRgb(mixed(qRed(row[x]), colour.red()), mixed(qGreen(row[x]), colour.green()),
                          mixed(qBlue(row[x]), colour.blue()));
        }
    }
    return image;
}

struct Panel
{
    QString title;
    QImage image;
};

/// Classes that cover enough of any panel, the largest first.
std::vector<std::size_t> legendOf(const std::vector<const Labels*>& panels)
{
    std::map<std::size_t, std::size_t> pixels;
    std::size_t all = 0;
    for (const Labels* labels : panels) {
        for (const std::uint16_t label : *labels) {
            if (label != kNoLabel) {
                ++pixels[label];
                ++all;
            }
        }
    }
    std::vector<std::size_t> classes;
    for (const auto& [label, count] : pixels) {
        if (double(count) >= kLeastShare * double(all)) {
            classes.push_back(label);
        }
    }
    std::stable_sort(classes.begin(), classes.end(),
                     [&pixels](auto left, auto right) { return pixels[left] > pixels[right]; });
    return classes;
}

void drawLegend(QPainter& painter, const std::vector<std::size_t>& classes,
                const model::dataset::SegmentationSet& set, int top, int perLine)
{
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const int x = kGap + int(i) % perLine * kEntry;
        const int y = top + int(i) / perLine * kLine;
        painter.fillRect(x, y + (kLine - kSwatch) / 2, kSwatch, kSwatch, colourOf(classes[i]));
        painter.drawText(QRect(x + kSwatch + 4, y, kEntry - kSwatch - kGap, kLine),
                         Qt::AlignVCenter | Qt::AlignLeft,
                         QString::fromStdString(set.classes[classes[i]].label));
    }
}

} // namespace

QImage segmentationPicture(const model::pipeline::SegmentedPicture& segmented,
                           const model::dataset::SegmentationSet& set)
{
    const QImage picture = imageOf(segmented.picture);
    const Labels& before = segmented.before.front();
    const Labels& after = segmented.after.front();
    std::vector<Panel> panels{{Segmentation::tr("picture"), picture},
                              {Segmentation::tr("mask"), covered(picture, segmented.truth)},
                              {Segmentation::tr("frozen model"), covered(picture, before)}};
    std::vector<const Labels*> labels{&segmented.truth, &before};
    if (!after.empty()) {
        panels.push_back({Segmentation::tr("with the head"), covered(picture, after)});
        labels.push_back(&after);
    }
    const std::vector<std::size_t> classes = legendOf(labels);
    const int width = int(panels.size()) * (picture.width() + kGap) + kGap;
    const int perLine = std::max(1, (width - kGap) / kEntry);
    const int legend = kLine + picture.height() + kGap;
    QImage sheet(width, legend + (int(classes.size()) + perLine - 1) / perLine * kLine + kGap,
                 QImage::Format_RGB32);
    sheet.fill(Qt::white);
    QPainter painter(&sheet);
    int x = kGap;
    for (const Panel& panel : panels) {
        painter.drawText(QRect(x, 0, picture.width(), kLine), Qt::AlignVCenter, panel.title);
        painter.drawImage(x, kLine, panel.image);
        x += picture.width() + kGap;
    }
    drawLegend(painter, classes, set, legend, perLine);
    return sheet;
}

} // namespace tagalign::app
