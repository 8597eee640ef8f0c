#pragma once

#include "model/tags/CaptionWords.h"
#include "model/tags/learned/WordLabels.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tagalign::model::tags {

/// What a training example says: caption, objects, (object, attribute) pairs.
struct AnnotatedCaption
{
    std::string caption;
    std::vector<std::string> objects;
    std::vector<std::pair<std::string, std::string>> attributes;
};

/// The same tied to the caption's words.
struct LabelledCaption
{
    std::string text;
    std::vector<CaptionWord> words;
    std::vector<WordLabel> labels;                  ///< one a word
    std::vector<std::optional<std::size_t>> owners; ///< of an attribute's words: its object's last
};

/// Appends a caption after a joint such as ", " or " and ", whose words carry no label.
void append(LabelledCaption& to, const LabelledCaption& other, const std::string& joint);

} // namespace tagalign::model::tags
