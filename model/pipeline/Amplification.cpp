#include "model/pipeline/Amplification.h"

#include "model/eval/Bootstrap.h"

#include <algorithm>
#include <functional>

namespace tagalign::model::pipeline {

namespace {

template <typename Rows>
Rows chosen(const Rows& rows, const std::vector<std::size_t>& places)
{
    Rows some;
    some.reserve(places.size());
    for (const std::size_t place : places) {
        some.push_back(rows[place]);
    }
    return some;
}

/// Of those tags the ones on enough test images.
std::vector<std::size_t> onEnough(const TagLabels& labels, const std::vector<std::size_t>& tags)
{
    std::vector<std::size_t> enough;
    std::copy_if(tags.begin(), tags.end(), std::back_inserter(enough), [&labels](std::size_t tag) {
        return std::size_t(std::count(labels[tag].begin(), labels[tag].end(),
                                      eval::Label::Present)) >= kFewPositives;
    });
    return enough;
}

/// What is said where something else is given.
class Direction
{
public:
    Direction(std::string name, std::vector<std::size_t> given, std::vector<std::size_t> told,
              const NamedTags& train, const NamedTags& test, const DecisionPair& said)
        : m_name(std::move(name)),
          m_given(std::move(given)),
          m_told(std::move(told)),
          m_together(
              eval::standTogether(chosen(train.labels, m_given), chosen(train.labels, m_told))),
          m_before(shiftOf(test, said.before)),
          m_after(shiftOf(test, said.after))
    {
    }

    [[nodiscard]] const std::string& name() const { return m_name; }

    [[nodiscard]] std::size_t pairs() const { return m_given.size() * m_told.size(); }

    [[nodiscard]] std::vector<double> before(Weights weights) const
    {
        return m_before.shifts(weights);
    }

    [[nodiscard]] std::vector<double> after(Weights weights) const
    {
        return m_after.shifts(weights);
    }

    [[nodiscard]] std::vector<double> contrastBefore(Weights weights) const
    {
        return m_before.contrasts(weights);
    }

    [[nodiscard]] std::vector<double> contrastAfter(Weights weights) const
    {
        return m_after.contrasts(weights);
    }

    [[nodiscard]] double amplification(const std::vector<double>& shifts) const
    {
        return eval::biasAmplification(shifts, m_together);
    }

    /// Where the pair's shift is; nothing if one of the two is on too few images.
    [[nodiscard]] std::optional<std::size_t> placeOf(std::size_t given, std::size_t told) const
    {
        const auto row = std::find(m_given.begin(), m_given.end(), given);
        const auto column = std::find(m_told.begin(), m_told.end(), told);
        return row == m_given.end() || column == m_told.end()
                   ? std::nullopt
                   : std::optional(std::size_t(row - m_given.begin()) * m_told.size() +
                                   std::size_t(column - m_told.begin()));
    }

private:
    [[nodiscard]] eval::DirectedShift shiftOf(const NamedTags& test,
                                              const eval::Decisions& said) const
    {
        return {chosen(test.labels, m_given), chosen(test.labels, m_told), chosen(said, m_told)};
    }

    std::string m_name;
    std::vector<std::size_t> m_given; ///< tags
    std::vector<std::size_t> m_told;
    std::vector<std::vector<bool>> m_together; ///< in training
    eval::DirectedShift m_before;
    eval::DirectedShift m_after;
};

AmplificationRow amplificationRow(const Direction& direction, std::size_t images,
                                  const EvaluationSettings& settings, const OnProgress& onProgress)
{
    const auto values = [&direction](Weights weights) {
        const double before = direction.amplification(direction.before(weights));
        const double after = direction.amplification(direction.after(weights));
        return std::vector<double>{before, after, after - before};
    };
    const auto intervals = eval::bootstrapIntervals(images, {settings.resamples, settings.seed},
                                                    values, resampling(onProgress));
    const auto own = values({});
    return {.direction = direction.name(),
            .before = own[0],
            .after = own[1],
            .beforeInterval = intervals[0],
            .afterInterval = intervals[1],
            .change = intervals[2],
            .pairs = direction.pairs()};
}

/// A pair's row and where its figures are.
struct PlacedShift
{
    ShiftRow row;
    const Direction* direction = nullptr;
    std::size_t place = 0;
};

void addShift(std::vector<PlacedShift>& shifts, const Direction& direction, std::size_t given,
              std::size_t told, const TagLabels& labels)
{
    const auto place = direction.placeOf(given, told);
    ShiftRow row{.given = given, .told = told};
    std::size_t there = 0;
    for (std::size_t image = 0; image < labels[given].size(); ++image) {
        if (labels[given][image] == eval::Label::Present &&
            labels[told][image] != eval::Label::Unknown) {
            ++row.images;
            there += labels[told][image] == eval::Label::Present ? 1 : 0;
        }
    }
    if (place && row.images >= kShiftImages) {
        row.there = double(there) / double(row.images);
        shifts.push_back({row, &direction, *place});
    }
}

/// Of pairs, as they are, or, for their intervals, with what is imagined: a tag that is said too
/// much and one that is missed for each. Items: the images, then the imagined of "before" and of
/// "after".
class ShiftValues
{
public:
    ShiftValues(const std::vector<PlacedShift>& shifts, std::size_t images)
        : m_shifts(shifts),
          m_images(images)
    {
    }

    using Side = std::vector<double> (Direction::*)(Weights) const;

    [[nodiscard]] std::size_t items() const { return m_images + 4 * m_shifts.size(); }

    /// Each direction is computed once. @param weights of the images; empty = once each.
    [[nodiscard]] std::vector<double> of(Side side, Weights weights) const
    {
        std::map<const Direction*, std::vector<double>> whole;
        std::vector<double> values;
        values.reserve(m_shifts.size());
        for (const PlacedShift& shift : m_shifts) {
            const auto [found, isNew] = whole.try_emplace(shift.direction);
            if (isNew) {
                found->second = (shift.direction->*side)(weights);
            }
            values.push_back(found->second[shift.place]);
        }
        return values;
    }

    /// Contrasts. @param weights of all items.
    [[nodiscard]] std::vector<double> before(Weights weights) const
    {
        return withImagined(of(&Direction::contrastBefore, weights.first(m_images)),
                            weights.subspan(m_images));
    }

    [[nodiscard]] std::vector<double> after(Weights weights) const
    {
        return withImagined(of(&Direction::contrastAfter, weights.first(m_images)),
                            weights.subspan(m_images + 2 * m_shifts.size()));
    }

private:
    [[nodiscard]] std::vector<double> withImagined(std::vector<double> values,
                                                   Weights imagined) const
    {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double images = double(m_shifts[i].row.images);
            const double more = double(imagined[2 * i]) - double(imagined[2 * i + 1]);
            values[i] = (values[i] * images + more) / (images + 2.0);
        }
        return values;
    }

    const std::vector<PlacedShift>& m_shifts;
    std::size_t m_images;
};

std::vector<ShiftRow> shiftRows(const std::vector<PlacedShift>& shifts, std::size_t images,
                                const EvaluationSettings& settings, const OnProgress& onProgress)
{
    std::vector<ShiftRow> rows;
    if (shifts.empty()) {
        return rows;
    }
    const ShiftValues values(shifts, images);
    const auto intervals = [&](const eval::Statistics& statistics) {
        const std::vector<std::uint32_t> once(values.items(), 1U);
        return eval::simultaneousIntervals(values.items(), {settings.resamples, settings.seed},
                                           statistics(once), statistics, resampling(onProgress));
    };
    const auto first = intervals([&](Weights weights) { return values.before(weights); });
    const auto second = intervals([&](Weights weights) { return values.after(weights); });
    const auto change = intervals([&](Weights weights) {
        auto moved = values.after(weights);
        const auto base = values.before(weights);
        std::transform(moved.begin(), moved.end(), base.begin(), moved.begin(), std::minus<>());
        return moved;
    });
    const auto before = values.of(&Direction::before, {});
    const auto after = values.of(&Direction::after, {});
    const auto contrastBefore = values.of(&Direction::contrastBefore, {});
    const auto contrastAfter = values.of(&Direction::contrastAfter, {});
    for (std::size_t i = 0; i < shifts.size(); ++i) {
        rows.push_back(shifts[i].row);
        rows.back().before = rows.back().there + before[i];
        rows.back().after = rows.back().there + after[i];
        rows.back().contrastBefore = contrastBefore[i];
        rows.back().contrastAfter = contrastAfter[i];
        rows.back().beforeInterval = first[i];
        rows.back().afterInterval = second[i];
        rows.back().change = change[i];
    }
    return rows;
}

} // namespace

void addAmplification(FairnessFigures& figures, const std::vector<PilotTag>& tags,
                      const NamedTags& train, const NamedTags& test, const DecisionPair& said,
                      const EvaluationSettings& settings, const OnProgress& onProgress)
{
    const std::size_t images = test.labels.empty() ? 0 : test.labels.front().size();
    const auto objects = onEnough(test.labels, tagsOfKind(tags, tags::TagKind::Object));
    const auto attributes = onEnough(test.labels, tagsOfKind(tags, tags::TagKind::Attribute));
    if (objects.empty() || attributes.empty()) {
        return;
    }
    const Direction toObjects("objects given attributes", attributes, objects, train, test, said);
    const Direction toAttributes("attributes given objects", objects, attributes, train, test,
                                 said);
    std::vector<PlacedShift> shifts;
    for (const AssociationRow& row : figures.associations) {
        addShift(shifts, toObjects, row.attribute, row.object, test.labels);
        addShift(shifts, toAttributes, row.object, row.attribute, test.labels);
    }
    figures.shifts = shiftRows(shifts, images, settings, onProgress);
    for (const Direction* direction : {&toObjects, &toAttributes}) {
        figures.amplification.push_back(amplificationRow(*direction, images, settings, onProgress));
    }
}

} // namespace tagalign::model::pipeline
