#include "model/tags/TagQuality.h"

#include "model/Error.h"
#include "model/eval/LogisticRegression.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tagalign::model::tags {

namespace {

using Columns = TagQuality::Columns;
constexpr std::size_t kColumns = TagQuality::kColumns;

struct Term
{
    const char* name;
    const char* unit;
    double prior;
};

constexpr std::array<Term, kColumns> kTerms{{{"usual tag", "log odds", 1.4},
                                             {"image check", "per standard deviation", 0.7},
                                             {"no image check", "if so", 0.0},
                                             {"parser's confidence", "per log odds", 1.0},
                                             {"captions that say so", "per doubling", 0.7},
                                             {"agreement of parsers", "per parser", 0.5},
                                             {"frequency of the tag", "per doubling", 0.1},
                                             {"specificity", "per level of WordNet", 0.1},
                                             {"not in WordNet's hierarchy", "if so", 0.0},
                                             {"several words", "if so", 0.1},
                                             {"inferred", "if so", -0.5},
                                             {"attribute", "if so", 0.0}}};

constexpr double kUsualMargin = 1.0;
constexpr double kFarMargin = 5.0; // beyond, one odd image would tilt the line
constexpr double kUsualConfidence = 0.9;
constexpr double kUsualImages = 8.0;
constexpr double kUsualDepth = 7.0;

/// Precisions of the normal prior: how far a column's coefficient may be expected to lie from its
/// documented value: standard deviations of 0.5 for the intercept and 0.35 for the rest.
constexpr double kInterceptRidge = 4.0;
constexpr double kRidge = 8.0;

double logit(double probability)
{
    const double inside = std::clamp(probability, 0.02, 0.98); // no parser is surer than that
    return std::log(inside / (1.0 - inside));
}

void requireEvidence(const TagEvidence& evidence)
{
    const bool isFine = (!evidence.margin || std::isfinite(*evidence.margin)) &&
                        evidence.confidence > 0.0 && evidence.confidence <= 1.0 &&
                        evidence.captions >= 1 && evidence.parsersFound >= 1 &&
                        evidence.parsersRead >= evidence.parsersFound && evidence.images >= 1 &&
                        evidence.depth.value_or(0) >= 0;
    if (!isFine) {
        throw RangeError("tag quality: confidence " + std::to_string(evidence.confidence) + ", " +
                         std::to_string(evidence.captions) + " captions, " +
                         std::to_string(evidence.parsersFound) + " of " +
                         std::to_string(evidence.parsersRead) + " parsers and " +
                         std::to_string(evidence.images) +
                         " images cannot be; expected a confidence in (0, 1], counts from 1 on and "
                         "a finite margin");
    }
}

Columns columnsOf(const TagEvidence& evidence)
{
    requireEvidence(evidence);
    const double margin = evidence.margin.value_or(kUsualMargin);
    const double depth = evidence.depth ? double(*evidence.depth) : kUsualDepth;
    return {1.0,
            std::clamp(margin - kUsualMargin, -kFarMargin, kFarMargin),
            evidence.margin ? 0.0 : 1.0,
            logit(evidence.confidence) - logit(kUsualConfidence),
            std::log2(double(evidence.captions)),
            double(2 * evidence.parsersFound - evidence.parsersRead - 1),
            std::log2(double(evidence.images) / kUsualImages),
            depth - kUsualDepth,
            evidence.depth ? 0.0 : 1.0,
            evidence.span == SpanType::MultiWord ? 1.0 : 0.0,
            evidence.span == SpanType::Inferred ? 1.0 : 0.0,
            evidence.kind == TagKind::Attribute ? 1.0 : 0.0};
}

double product(const Columns& a, const Columns& b)
{
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Mean and standard deviation of each column; the intercept's are 0 and 1.
struct Scale
{
    Columns mean{};
    Columns deviation{};
};

Scale scaleOf(const std::vector<Columns>& rows)
{
    Scale scale;
    const double count = std::max<double>(1.0, double(rows.size()));
    for (std::size_t j = 1; j < kColumns; ++j) {
        double squares = 0.0;
        for (const Columns& row : rows) {
            scale.mean[j] += row[j] / count;
        }
        for (const Columns& row : rows) {
            squares += (row[j] - scale.mean[j]) * (row[j] - scale.mean[j]) / count;
        }
        scale.deviation[j] = std::sqrt(squares);
    }
    scale.deviation[0] = 1.0;
    return scale;
}

/// A column that is the same in all rows says nothing: it becomes 0, and its coefficient stays.
Columns standardised(const Columns& row, const Scale& scale)
{
    Columns result{};
    for (std::size_t j = 0; j < kColumns; ++j) {
        if (scale.deviation[j] > 1e-9) {
            result[j] = (row[j] - scale.mean[j]) / scale.deviation[j];
        }
    }
    return result;
}

Columns priorCoefficients()
{
    Columns prior{};
    std::transform(kTerms.begin(), kTerms.end(), prior.begin(),
                   [](const Term& term) { return term.prior; });
    return prior;
}

} // namespace

TagQuality::TagQuality()
    : m_coefficients(priorCoefficients())
{
}

TagQuality TagQuality::fitted(std::span<const QualityPair> pairs, const std::vector<bool>& leftOut)
{
    TagQuality quality;
    std::vector<Columns> rows;
    rows.reserve(pairs.size());
    for (const QualityPair& pair : pairs) {
        rows.push_back(columnsOf(pair.evidence));
    }
    const Scale scale = scaleOf(rows);
    eval::LogisticData data{.columns = kColumns};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (pairs[i].isRight && (leftOut.empty() || !leftOut[i])) {
            const Columns row = standardised(rows[i], scale);
            data.values.insert(data.values.end(), row.begin(), row.end());
            data.offsets.push_back(product(quality.m_coefficients, rows[i]));
            data.labels.push_back(*pairs[i].isRight);
        }
    }
    Columns ridge;
    ridge.fill(kRidge);
    ridge[0] = kInterceptRidge;
    const std::vector<double> moved = eval::fitLogistic(data, ridge);
    quality.m_coefficients[0] += moved[0];
    for (std::size_t j = 1; j < kColumns; ++j) {
        if (scale.deviation[j] > 1e-9) {
            const double slope = moved[j] / scale.deviation[j];
            quality.m_coefficients[j] += slope;
            quality.m_coefficients[0] -= slope * scale.mean[j];
        }
    }
    return quality;
}

double TagQuality::probability(const TagEvidence& evidence) const
{
    return eval::logistic(product(m_coefficients, columnsOf(evidence)));
}

std::vector<QualityTerm> TagQuality::terms() const
{
    std::vector<QualityTerm> terms;
    for (std::size_t j = 0; j < kColumns; ++j) {
        terms.push_back({kTerms[j].name, kTerms[j].unit, kTerms[j].prior, m_coefficients[j]});
    }
    return terms;
}

} // namespace tagalign::model::tags
