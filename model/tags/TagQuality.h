#pragma once

#include "model/tags/CaptionParser.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// How likely a tag that captions speak of is really on its image, without a person looking.
namespace tagalign::model::tags {

enum class SpanType { SingleWord, MultiWord, Inferred };

/// What is known of one tag on one image besides a verdict.
struct TagEvidence
{
    /// The image check (pipeline::checkTags): how far the model's score of the tag on this image
    /// lies above that of random tags, in their standard deviations. Nothing while the image is not
    /// encoded.
    std::optional<double> margin;
    double confidence = 1.0; ///< of the surest parser, (0, 1]
    int captions = 1;        ///< of the image that gave the tag
    int parsersFound = 1;    ///< different parsers that read it out of these captions
    int parsersRead = 1;     ///< different parsers that read these captions, >= parsersFound
    int images = 1;          ///< of the project that carry the tag: its frequency
    std::optional<int>
        depth; ///< in WordNet's hierarchy: its specificity; nothing: not a noun there
    SpanType span = SpanType::SingleWord;
    TagKind kind = TagKind::Object;
};

/// A pair of image and tag, judged or not.
struct QualityPair
{
    std::uint64_t image = 0;
    TagEvidence evidence;
    std::optional<bool> isRight; ///< accepted or rejected by a person
};

/// One term of the model, for people.
struct QualityTerm
{
    std::string name; ///< "image check", "parser's confidence", ..
    std::string unit; ///< of what the coefficients are: "per standard deviation", ..
    double prior = 0.0;
    double fitted = 0.0; ///< change of the log odds
};

/// A logistic model of "this tag is right" (design, section 4, "Tag quality without people").
///
/// Log odds, by columns that are 0 for a usual tag (one word, found by one parser with confidence
/// 0.9 in one caption, on 8 images, 7 steps deep, one standard deviation above random tags):
///
///     1.4  +  0.7·(margin - 1)  +  1.0·(logit(confidence) - logit(0.9))  +  0.7·log2(captions)
///          +  0.5·(2·found - read - 1)  +  0.1·log2(images / 8)  +  0.1·(depth - 7)
///          +  0.1 if of several words  -  0.5 if inferred
///
/// is the prior: 80 % for the usual tag, monotone in each feature, half of what a normal model with
/// margins of 0.5 ± 1 for wrong and 2 ± 1 for right tags would say. A missing margin or depth
/// counts as the usual one. Verdicts move the coefficients away from it, by ridge regression on
/// standardised columns around the prior: each verdict a little, so that five do not wreck it.
/// Immutable.
class TagQuality
{
public:
    TagQuality(); ///< the prior

    /// Fitted to the judged among the pairs; all of them say what is usual (mean and deviation of
    /// each column). Without a verdict: the prior.
    /// @param leftOut pairs that the fit must not see, by position; empty: none.
    /// @throws RangeError if evidence is outside its range.
    [[nodiscard]] static TagQuality fitted(std::span<const QualityPair> pairs,
                                           const std::vector<bool>& leftOut = {});

    /// In (0, 1). @throws RangeError if evidence is outside its range.
    [[nodiscard]] double probability(const TagEvidence& evidence) const;

    [[nodiscard]] std::vector<QualityTerm> terms() const;

    /// Intercept; margin, margin missing; confidence; captions; parsers; frequency; depth, depth
    /// missing; several words, inferred; attribute.
    static constexpr std::size_t kColumns = 12;
    using Columns = std::array<double, kColumns>;

private:
    Columns m_coefficients;
};

} // namespace tagalign::model::tags
