#include "model/eval/CoOccurrence.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace tagalign::model::eval {

namespace {

const double kNone = std::numeric_limits<double>::quiet_NaN();

std::size_t imagesOf(const LabelRows& rows)
{
    return rows.empty() ? 0 : rows.front().size();
}

std::vector<std::uint32_t> carriersOf(const std::vector<Label>& row)
{
    std::vector<std::uint32_t> images;
    for (std::size_t image = 0; image < row.size(); ++image) {
        if (row[image] == Label::Present) {
            images.push_back(std::uint32_t(image));
        }
    }
    return images;
}

double sharedImages(const std::vector<std::uint32_t>& images, const std::vector<Label>& row)
{
    return double(std::count_if(images.begin(), images.end(), [&row](std::uint32_t image) {
        return row[image] == Label::Present;
    }));
}

} // namespace

Association association(double together, double first, double second, double all)
{
    if (!(together > 0.0)) {
        return {kNone, kNone};
    }
    const double pmi = std::log2(together * all / (first * second));
    const double most = std::log2(all / together);
    return {pmi, most > 0.0 ? pmi / most : 0.0}; // seen in every observation: no surprise at all
}

std::vector<std::vector<bool>> standTogether(const LabelRows& given, const LabelRows& told)
{
    const auto images = double(std::max(imagesOf(given), imagesOf(told)));
    std::vector<double> toldCounts;
    toldCounts.reserve(told.size());
    for (const auto& row : told) {
        toldCounts.push_back(double(carriersOf(row).size()));
    }
    std::vector<std::vector<bool>> together;
    together.reserve(given.size());
    for (const auto& row : given) {
        const auto carriers = carriersOf(row);
        std::vector<bool> pairs;
        pairs.reserve(told.size());
        for (std::size_t i = 0; i < told.size(); ++i) {
            pairs.push_back(sharedImages(carriers, told[i]) * images >
                            double(carriers.size()) * toldCounts[i]);
        }
        together.push_back(std::move(pairs));
    }
    return together;
}

DirectedShift::DirectedShift(const LabelRows& given, const LabelRows& told, const Decisions& said)
    : m_images(std::max(imagesOf(given), imagesOf(told))),
      m_told(told.size())
{
    if (said.size() != told.size()) {
        throw ShapeError("expected decisions on " + std::to_string(told.size()) + " tags, got " +
                         std::to_string(said.size()));
    }
    for (std::size_t i = 0; i < told.size(); ++i) {
        if (told[i].size() != m_images || said[i].size() != m_images) {
            throw ShapeError("expected " + std::to_string(m_images) + " images for each tag, got " +
                             std::to_string(told[i].size()) + " labels and " +
                             std::to_string(said[i].size()) + " decisions");
        }
    }
    for (const auto& row : given) {
        addRow(carriersOf(row), told, said);
    }
    std::vector<std::uint32_t> all(m_images);
    std::iota(all.begin(), all.end(), 0U);
    addRow(std::move(all), told, said);
}

void DirectedShift::addRow(std::vector<std::uint32_t> carriers, const LabelRows& told,
                           const Decisions& said)
{
    for (const std::uint32_t image : carriers) {
        for (std::size_t tag = 0; tag < m_told; ++tag) {
            const Entry entry{image, std::uint32_t(m_carriers.size() * m_told + tag)};
            const Label label = told[tag][image];
            const bool isSaid = said[tag][image] != 0;
            if (label == Label::Unknown) {
                m_unknown.push_back(entry);
            } else if (isSaid && label == Label::Absent) {
                m_more.push_back(entry);
            } else if (!isSaid && label == Label::Present) {
                m_less.push_back(entry);
            }
        }
    }
    m_carriers.push_back(std::move(carriers));
}

double DirectedShift::Sum::mean() const
{
    return known > 0.0 ? shift / known : kNone;
}

std::vector<DirectedShift::Sum> DirectedShift::sums(std::span<const std::uint32_t> weights) const
{
    if (!weights.empty() && weights.size() != m_images) {
        throw ShapeError("expected " + std::to_string(m_images) + " weights, got " +
                         std::to_string(weights.size()));
    }
    const auto weightOf = [&weights](std::uint32_t image) {
        return weights.empty() ? 1.0 : double(weights[image]);
    };
    std::vector<Sum> pairs;
    pairs.reserve(m_carriers.size() * m_told);
    for (const auto& carriers : m_carriers) {
        double all = 0.0;
        for (const std::uint32_t image : carriers) {
            all += weightOf(image);
        }
        pairs.insert(pairs.end(), m_told, {all, 0.0});
    }
    for (const Entry& entry : m_unknown) {
        pairs[entry.pair].known -= weightOf(entry.image);
    }
    for (const Entry& entry : m_more) {
        pairs[entry.pair].shift += weightOf(entry.image);
    }
    for (const Entry& entry : m_less) {
        pairs[entry.pair].shift -= weightOf(entry.image);
    }
    return pairs;
}

std::vector<double> DirectedShift::shifts(std::span<const std::uint32_t> weights) const
{
    const std::vector<Sum> pairs = sums(weights);
    std::vector<double> values;
    values.reserve(pairs.size() - m_told);
    for (std::size_t pair = 0; pair + m_told < pairs.size(); ++pair) {
        values.push_back(pairs[pair].mean());
    }
    return values;
}

std::vector<double> DirectedShift::contrasts(std::span<const std::uint32_t> weights) const
{
    const std::vector<Sum> pairs = sums(weights);
    const std::size_t everywhere = pairs.size() - m_told;
    std::vector<double> values;
    values.reserve(everywhere);
    for (std::size_t pair = 0; pair < everywhere; ++pair) {
        const Sum& all = pairs[everywhere + pair % m_told];
        const Sum others{all.known - pairs[pair].known, all.shift - pairs[pair].shift};
        values.push_back(pairs[pair].mean() - others.mean());
    }
    return values;
}

double biasAmplification(std::span<const double> shifts,
                         const std::vector<std::vector<bool>>& together)
{
    double sum = 0.0;
    double count = 0.0;
    std::size_t pair = 0;
    for (const auto& row : together) {
        for (const bool stand : row) {
            const double shift = shifts[pair++];
            if (!std::isnan(shift)) {
                sum += stand ? shift : -shift;
                count += 1.0;
            }
        }
    }
    return count > 0.0 ? sum / count : kNone;
}

} // namespace tagalign::model::eval
