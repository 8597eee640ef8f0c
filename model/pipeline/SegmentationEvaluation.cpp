#include "model/pipeline/SegmentationEvaluation.h"

#include "model/Error.h"
#include "model/pipeline/SegmentationExample.h"
#include "model/pipeline/SegmentationScores.h"
#include "model/pipeline/Segmenter.h"

#include <algorithm>

namespace tagalign::model::pipeline {

namespace {

using dataset::SegmentationImage;
using dataset::SegmentationSet;
using Labels = std::vector<std::uint16_t>;

void requireUsable(const SegmentationSettings& settings, std::size_t classes)
{
    if (settings.paths.empty() || settings.shortSides.empty()) {
        throw RangeError("a segmentation needs at least one path and one scale");
    }
    if (!(settings.threshold >= 0.0 && settings.threshold <= 1.0)) {
        throw RangeError("the background's threshold has to be from 0 to 1, not " +
                         std::to_string(settings.threshold));
    }
    if (settings.background && *settings.background >= classes) {
        throw RangeError("the background is none of the classes");
    }
    if (classes < (settings.background ? 2U : 1U)) {
        throw RangeError("there is no class to look for besides the background");
    }
}

/// Each scale by itself, then all together.
std::vector<std::vector<std::size_t>> scaleSets(std::size_t scales)
{
    std::vector<std::vector<std::size_t>> sets;
    std::vector<std::size_t> all;
    for (std::size_t scale = 0; scale < scales; ++scale) {
        sets.push_back({scale});
        all.push_back(scale);
    }
    if (scales > 1) {
        sets.push_back(all);
    }
    return sets;
}

class Evaluator
{
public:
    Evaluator(const ModelFiles& model, const SegmentationSet& set,
              const std::filesystem::path& headFile, const SegmentationSettings& settings,
              const OnProgress& onProgress)
        : m_set(set),
          m_settings(settings),
          m_onProgress(onProgress),
          m_foreground(foregroundOf(set, settings)),
          m_segmenter(model, classesAt(set, m_foreground), headFile, settings, embedding()),
          m_sets(scaleSets(settings.shortSides.size())),
          m_total(settings.limit > 0 ? std::min(settings.limit, set.images.size())
                                     : set.images.size())
    {
        for (const clip::PatchPath path : settings.paths) {
            for (const auto& scales : m_sets) {
                SegmentationView view{.path = path, .shortSides = {}};
                for (const std::size_t scale : scales) {
                    view.shortSides.push_back(settings.shortSides[scale]);
                }
                m_views.push_back({view, {}, {}});
            }
        }
        const bool isUsed = std::any_of(settings.paths.begin(), settings.paths.end(),
                                        [this](auto path) { return m_segmenter.hasHeadOn(path); });
        if (!headFile.empty() && !isUsed) {
            throw Error(headFile.string() + ": was trained on another patch path than those that "
                                            "are measured; name its path too");
        }
    }

    SegmentationResult run(const OnSegmented& onSegmented)
    {
        m_result.images.assign(m_set.classes.size(), 0);
        for (m_done = 0; m_done < m_total; ++m_done) {
            const SegmentationImage& row = m_set.images[m_done];
            step(row.name);
            if (const auto example = loaded(row)) {
                measure(row, *example, onSegmented);
            }
        }
        if (m_result.measured == 0) {
            throw Error("no picture of the set can be used; the first: " +
                        m_result.problems.front().where + ": " + m_result.problems.front().message);
        }
        m_result.rows = scoreViews(m_views, m_set.classes.size(), m_settings, m_onProgress);
        return std::move(m_result);
    }

private:
    static std::vector<std::size_t> foregroundOf(const SegmentationSet& set,
                                                 const SegmentationSettings& settings)
    {
        requireUsable(settings, set.classes.size());
        std::vector<std::size_t> classes;
        for (std::size_t i = 0; i < set.classes.size(); ++i) {
            if (i != settings.background) {
                classes.push_back(i);
            }
        }
        return classes;
    }

    static std::vector<dataset::SegmentationClass> classesAt(const SegmentationSet& set,
                                                             const std::vector<std::size_t>& where)
    {
        std::vector<dataset::SegmentationClass> classes;
        for (const std::size_t i : where) {
            classes.push_back(set.classes[i]);
        }
        return classes;
    }

    [[nodiscard]] OnProgress embedding() const
    {
        return [this](const Progress& progress) {
            return m_onProgress ? m_onProgress({progress.done, progress.total, "class names"})
                                : Next::Continue;
        };
    }

    void step(const std::string& text) const
    {
        if (m_onProgress &&
            m_onProgress({std::int64_t(m_done), std::int64_t(m_total), text}) == Next::Stop) {
            throw Cancelled();
        }
    }

    std::optional<SegmentationExample> loaded(const SegmentationImage& row)
    {
        try {
            return loadExample(row, m_set);
        } catch (const Error& error) {
            m_result.problems.push_back({row.name, std::string(error.what()) + "; left out."});
            return std::nullopt;
        }
    }

    void measure(const SegmentationImage& row, const SegmentationExample& example,
                 const OnSegmented& onSegmented)
    {
        SegmentedPicture segmented{row, example.picture, example.truth, {}, {}};
        for (const clip::PatchPath path : m_settings.paths) {
            std::vector<MaskPair> scales;
            for (const int shortSide : m_settings.shortSides) {
                scales.push_back(m_segmenter.masks(example.picture, path, shortSide,
                                                   [this, &row] { step(row.name); }));
            }
            for (const auto& set : m_sets) {
                step(row.name);
                draw(scales, set, segmented);
            }
        }
        count(segmented);
        if (onSegmented) {
            onSegmented(segmented);
        }
    }

    void draw(const std::vector<MaskPair>& scales, const std::vector<std::size_t>& set,
              SegmentedPicture& segmented) const
    {
        std::vector<WindowMasks> before;
        std::vector<WindowMasks> after;
        for (const std::size_t scale : set) {
            before.push_back(scales[scale].before);
            if (scales[scale].after) {
                after.push_back(*scales[scale].after);
            }
        }
        const image::PixelSize size{segmented.picture.width, segmented.picture.height};
        segmented.before.push_back(labelled(before, size));
        segmented.after.push_back(after.empty() ? Labels() : labelled(after, size));
    }

    /// Labels as positions in the set's classes.
    [[nodiscard]] Labels labelled(const std::vector<WindowMasks>& scales,
                                  image::PixelSize size) const
    {
        Labels labels =
            drawLabels(scales, size,
                       m_settings.background ? std::optional(m_settings.threshold) : std::nullopt);
        for (std::uint16_t& label : labels) {
            label = std::uint16_t(label < m_foreground.size() ? m_foreground[label]
                                                              : *m_settings.background);
        }
        return labels;
    }

    void count(const SegmentedPicture& segmented)
    {
        const auto counts = [&](const Labels& labels) {
            return eval::countPixels(labels, segmented.truth, m_set.classes.size(), kNoLabel);
        };
        for (std::size_t i = 0; i < m_views.size(); ++i) {
            m_views[i].before.push_back(counts(segmented.before[i]));
            if (!segmented.after[i].empty()) {
                m_views[i].after.push_back(counts(segmented.after[i]));
            }
        }
        for (const eval::ClassPixels& pixels : m_views.front().before.back()) {
            m_result.images[pixels.label] += pixels.truth > 0 ? 1 : 0;
        }
        ++m_result.measured;
    }

    const SegmentationSet& m_set;
    const SegmentationSettings& m_settings;
    const OnProgress& m_onProgress;
    std::vector<std::size_t> m_foreground; ///< classes that are looked for
    Segmenter m_segmenter;
    std::vector<std::vector<std::size_t>> m_sets; ///< of scales
    std::vector<SegmentationCounts> m_views;
    std::size_t m_total;
    std::size_t m_done = 0;
    SegmentationResult m_result;
};

} // namespace

SegmentationResult evaluateSegmentation(const ModelFiles& model, const SegmentationSet& set,
                                        const std::filesystem::path& headFile,
                                        const SegmentationSettings& settings,
                                        const OnProgress& onProgress,
                                        const OnSegmented& onSegmented)
{
    return Evaluator(model, set, headFile, settings, onProgress).run(onSegmented);
}

} // namespace tagalign::model::pipeline
