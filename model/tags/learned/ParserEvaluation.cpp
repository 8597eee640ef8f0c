#include "model/tags/learned/ParserEvaluation.h"

#include "model/tags/learned/ParserInference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace tagalign::model::tags {

namespace {

/// A tag's confidence and whether the annotators have it too.
struct Judged
{
    double confidence = 0.0;
    bool isRight = false;
};

/// Tags of one kind, found against annotated.
class Counts
{
public:
    template <class Item>
    void add(const std::map<Item, double>& found, const std::set<Item>& wanted)
    {
        for (const auto& [item, confidence] : found) {
            m_judged.push_back({confidence, wanted.contains(item)});
            m_right += wanted.contains(item) ? 1 : 0;
        }
        m_annotated += int(wanted.size());
    }

    [[nodiscard]] const std::vector<Judged>& judged() const { return m_judged; }

    [[nodiscard]] double f1() const
    {
        return 2.0 * m_right / std::max(1, int(m_judged.size()) + m_annotated);
    }

    [[nodiscard]] double calibrationError() const
    {
        constexpr int kBins = 10;
        std::array<double, kBins> gaps{};
        for (const Judged& tag : m_judged) {
            const int bin = std::min(kBins - 1, int(tag.confidence * kBins));
            gaps[std::size_t(bin)] += tag.confidence - (tag.isRight ? 1.0 : 0.0);
        }
        double error = 0.0;
        for (const double gap : gaps) {
            error += std::abs(gap);
        }
        return error / double(std::max<std::size_t>(1, m_judged.size()));
    }

private:
    std::vector<Judged> m_judged;
    int m_right = 0;
    int m_annotated = 0;
};

struct Comparison
{
    Counts objects;
    Counts pairs;
};

using Pair = std::pair<std::string, std::string>;

void compare(Comparison& comparison, const AnnotatedCaption& annotated, const ParsedCaption& parsed,
             const WordNet& wordNet)
{
    std::set<std::string> objects;
    std::set<Pair> pairs;
    for (const std::string& object : annotated.objects) {
        objects.insert(objectLemma(object, wordNet));
    }
    for (const auto& [object, attribute] : annotated.attributes) {
        pairs.emplace(objectLemma(object, wordNet), attribute);
    }
    std::map<std::string, double> foundObjects;
    std::map<Pair, double> foundPairs;
    for (const ParsedTag& tag : parsed.tags) {
        double& confidence = tag.owner ? foundPairs[{parsed.tags[*tag.owner].lemma, tag.lemma}]
                                       : foundObjects[tag.lemma];
        confidence = std::max(confidence, double(tag.confidence));
    }
    comparison.objects.add(foundObjects, objects);
    comparison.pairs.add(foundPairs, pairs);
}

Comparison compareAll(const ParserModel& model, const std::vector<AnnotatedCaption>& captions,
                      const WordNet& wordNet)
{
    ReadCaptions read;
    for (const AnnotatedCaption& caption : captions) {
        read.add(caption.caption, model.vocabulary, wordNet);
    }
    Comparison comparison;
    parseCaptions(model, read, wordNet, [&](std::size_t caption, const ParsedCaption& parsed) {
        compare(comparison, captions[caption], parsed, wordNet);
    });
    return comparison;
}

/// Scale and shift of the log-odds by Newton's method on the log-likelihood.
Calibration fit(const std::vector<Judged>& judged)
{
    constexpr int kSteps = 30;
    constexpr double kLeast = 1e-6;
    constexpr double kPull = 1e-3; // towards no change, so that the Hessian can be inverted
    Calibration calibration;
    for (int step = 0; step < kSteps; ++step) {
        double scaleSlope = kPull * (calibration.scale - 1.0);
        double shiftSlope = kPull * calibration.shift;
        double scaleCurve = kPull;
        double shiftCurve = kPull;
        double mixedCurve = 0.0;
        for (const Judged& tag : judged) {
            const double raw = std::clamp(tag.confidence, kLeast, 1.0 - kLeast);
            const double logit = std::log(raw / (1.0 - raw));
            const double now = calibration.probability(raw);
            const double gap = now - (tag.isRight ? 1.0 : 0.0);
            const double curve = now * (1.0 - now);
            scaleSlope += gap * logit;
            shiftSlope += gap;
            scaleCurve += curve * logit * logit;
            shiftCurve += curve;
            mixedCurve += curve * logit;
        }
        const double determinant = scaleCurve * shiftCurve - mixedCurve * mixedCurve;
        calibration.scale -= (shiftCurve * scaleSlope - mixedCurve * shiftSlope) / determinant;
        calibration.shift -= (scaleCurve * shiftSlope - mixedCurve * scaleSlope) / determinant;
    }
    return calibration;
}

} // namespace

void calibrate(ParserModel& model, const std::vector<AnnotatedCaption>& captions,
               const WordNet& wordNet)
{
    model.vocabulary.objectCalibration = {};
    model.vocabulary.attributeCalibration = {};
    const Comparison comparison = compareAll(model, captions, wordNet);
    model.vocabulary.objectCalibration = fit(comparison.objects.judged());
    model.vocabulary.attributeCalibration = fit(comparison.pairs.judged());
}

ParserFigures evaluateParser(const ParserModel& model,
                             const std::vector<AnnotatedCaption>& captions, const WordNet& wordNet)
{
    const Comparison comparison = compareAll(model, captions, wordNet);
    return {.objects = comparison.objects.f1(),
            .pairs = comparison.pairs.f1(),
            .objectError = comparison.objects.calibrationError(),
            .pairError = comparison.pairs.calibrationError()};
}

std::vector<AnnotatedCaption> joinSome(const std::vector<AnnotatedCaption>& captions)
{
    constexpr std::size_t kEvery = 3;
    std::vector<AnnotatedCaption> joined;
    for (std::size_t next = 0; next < captions.size();) {
        AnnotatedCaption caption = captions[next++];
        const std::size_t more = joined.size() % kEvery == 0 ? 1 + joined.size() / kEvery % 4 : 0;
        for (std::size_t i = 0; i < more && next < captions.size(); ++i, ++next) {
            const AnnotatedCaption& other = captions[next];
            caption.caption += (i % 2 == 0 ? " and " : " , ") + other.caption;
            caption.objects.insert(caption.objects.end(), other.objects.begin(),
                                   other.objects.end());
            caption.attributes.insert(caption.attributes.end(), other.attributes.begin(),
                                      other.attributes.end());
        }
        joined.push_back(std::move(caption));
    }
    return joined;
}

} // namespace tagalign::model::tags
