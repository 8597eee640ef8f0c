#include "model/pipeline/RegionEvaluation.h"

#include "model/Error.h"
#include "model/eval/Localization.h"
#include "model/image/Decode.h"
#include "model/pipeline/Figures.h"
#include "model/pipeline/StoredPatches.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace tagalign::model::pipeline {

namespace {

constexpr std::size_t kThresholds = 401; // over the range of a cosine
constexpr std::array kKinds{"objects", "attributes", "both"};

/// Of one kind on one image.
struct Sums
{
    double regions = 0.0;
    double pointing = 0.0;
    std::vector<double> iou = std::vector<double>(kThresholds, 0.0);
};

/// Of one model: [kind][image].
using Side = std::array<std::vector<Sums>, kKinds.size()>;

struct Scores
{
    Side before;
    Side after;

    void addImage()
    {
        for (Side* side : {&before, &after}) {
            for (std::vector<Sums>& kind : *side) {
                kind.emplace_back();
            }
        }
    }
};

void add(Sums& sums, const eval::RegionScore& score)
{
    sums.regions += 1.0;
    sums.pointing += score.pointsInside ? 1.0 : 0.0;
    for (std::size_t i = 0; i < kThresholds; ++i) {
        sums.iou[i] += score.iou[i];
    }
}

/// Sum over images divided by their regions.
template <typename Value>
double meanOver(const std::vector<Sums>& images, Weights weights, const Value& value)
{
    double sum = 0.0;
    double regions = 0.0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const double weight = weights.empty() ? 1.0 : weights[i];
        sum += weight * value(images[i]);
        regions += weight * images[i].regions;
    }
    return sum / regions; // NaN where nothing was drawn: left out by the bootstrap
}

std::optional<std::size_t> bestThreshold(const std::vector<Sums>& images)
{
    std::vector<double> sums(kThresholds, 0.0);
    double regions = 0.0;
    for (const Sums& image : images) {
        regions += image.regions;
        for (std::size_t i = 0; i < kThresholds; ++i) {
            sums[i] += image.iou[i];
        }
    }
    return regions > 0.0 ? std::optional(std::size_t(std::max_element(sums.begin(), sums.end()) -
                                                     sums.begin()))
                         : std::nullopt;
}

class RegionScorer
{
public:
    RegionScorer(const ModelFiles& model, const PilotData& data,
                 const std::filesystem::path& headFile, double blend, const OnProgress& onProgress)
        : m_data(data),
          m_patches(model, headFile),
          m_tags(m_patches.texts().tags(data.tags, onProgress)),
          m_blend(blend)
    {
    }

    void score(std::size_t image, const std::vector<const TagRegion*>& regions, Scores& scores)
    {
        const PatchPair pair = m_patches.of(m_data.images[image]);
        const auto heat = [&](const torch::Tensor& patches) {
            return torch::matmul(m_tags, align::normalised(patches)[0].t())
                .view({1, m_tags.size(0), pair.rows, pair.columns});
        };
        const torch::Tensor before = heat(pair.before);
        const torch::Tensor after = heat(pair.after) * (1.0 - m_blend) + before * m_blend;
        scores.addImage();
        for (const TagRegion* region : regions) {
            const image::RgbImage mask = maskOf(region->mask);
            const std::vector<std::uint8_t> inside = insideOf(mask, region->values);
            const bool isObject = m_data.tags[region->tag].kind == tags::TagKind::Object;
            const auto measure = [&](const torch::Tensor& maps, Side& side) {
                const torch::Tensor full =
                    at::upsample_bilinear2d(
                        maps.slice(1, std::int64_t(region->tag), std::int64_t(region->tag) + 1),
                        {mask.height, mask.width}, false)
                        .contiguous();
                const auto score = eval::scoreRegion(
                    {full.data_ptr<float>(), std::size_t(full.numel())}, inside, m_thresholds);
                add(side[isObject ? 0 : 1].back(), score);
                add(side[2].back(), score);
            };
            measure(before, scores.before);
            measure(after, scores.after);
        }
    }

private:
    /// The regions of an image mostly share a mask.
    const image::RgbImage& maskOf(const std::filesystem::path& file)
    {
        if (file != m_maskFile) {
            m_mask = image::decodeImage(file);
            m_maskFile = file;
        }
        return m_mask;
    }

    static std::vector<std::uint8_t> insideOf(const image::RgbImage& mask,
                                              const std::vector<std::uint8_t>& values)
    {
        std::array<std::uint8_t, 256> isInside{};
        for (const std::uint8_t value : values) {
            isInside[value] = 1;
        }
        std::vector<std::uint8_t> inside(mask.bytes.size() / 3);
        for (std::size_t i = 0; i < inside.size(); ++i) {
            inside[i] = isInside[mask.bytes[3 * i]];
        }
        return inside;
    }

    const PilotData& m_data;
    StoredPatches m_patches;
    torch::Tensor m_tags; ///< [T, D]
    double m_blend;
    std::vector<float> m_thresholds = eval::thresholdsBetween(-1.0F, 1.0F, kThresholds);
    std::filesystem::path m_maskFile;
    image::RgbImage m_mask;
};

std::vector<Figure> figuresOf(const Scores& test, const Scores& validation)
{
    std::vector<Figure> figures;
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
        const auto add = [&](const char* metric, const auto& before, const auto& after) {
            figures.push_back(
                {{.metric = metric, .kind = kKinds[kind], .images = test.before[kind].size()},
                 [&images = test.before[kind], before](Weights w) {
                     return meanOver(images, w, before);
                 },
                 [&images = test.after[kind], after](Weights w) {
                     return meanOver(images, w, after);
                 }});
        };
        const auto pointing = [](const Sums& sums) { return sums.pointing; };
        add("pointing accuracy", pointing, pointing);
        const auto before = bestThreshold(validation.before[kind]);
        const auto after = bestThreshold(validation.after[kind]);
        if (before && after) {
            add(
                "region IoU", [at = *before](const Sums& sums) { return sums.iou[at]; },
                [at = *after](const Sums& sums) { return sums.iou[at]; });
        }
    }
    return figures;
}

} // namespace

std::vector<MetricRow> evaluateRegions(const ModelFiles& model, const PilotData& data,
                                       const std::vector<TagRegion>& regions,
                                       const std::filesystem::path& headFile,
                                       const EvaluationSettings& settings,
                                       const OnProgress& onProgress)
{
    const torch::InferenceMode guard;
    std::map<std::size_t, std::vector<const TagRegion*>> byImage;
    for (const TagRegion& region : regions) {
        if (region.image >= data.images.size() || region.tag >= data.tags.size()) {
            throw RangeError("a region belongs to an image or a tag that is not there");
        }
        byImage[region.image].push_back(&region);
    }
    RegionScorer scorer(model, data, headFile, settings.blend, onProgress);
    Scores test;
    Scores validation;
    std::int64_t done = 0;
    for (const auto& [image, of] : byImage) {
        if (onProgress && onProgress({done++, std::int64_t(byImage.size()),
                                      data.images[image].file.string()}) == Next::Stop) {
            throw Cancelled();
        }
        if (data.images[image].split != Split::Train) {
            scorer.score(image, of, data.images[image].split == Split::Test ? test : validation);
        }
    }
    if (test.before[0].empty()) {
        return {};
    }
    return measured(figuresOf(test, validation), test.before[0].size(), settings, onProgress);
}

} // namespace tagalign::model::pipeline
