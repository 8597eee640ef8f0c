#pragma once

#include "model/tags/CaptionParser.h"

#include <QString>

#include <map>
#include <vector>

namespace tagalign::test {

/// What is wrong with the spans that the parser gives a caption with letters of several bytes;
/// empty if nothing is.
inline QString faultOfSpans(const model::tags::CaptionParser& parser)
{
    const std::string caption = "Caf\xC3\xA9 with two RED teddy bears";
    std::map<std::string, std::string> wanted{{"red", "RED"}, {"teddy bear", "teddy bears"}};
    for (const auto& tag : parser.parse(caption).tags) {
        if (tag.span.start + tag.span.length > caption.size() || tag.confidence <= 0.0F ||
            tag.confidence > 1.0F) {
            return "\"" + QString::fromStdString(tag.lemma) + "\" lies outside, or is not believed";
        }
        const auto found = wanted.find(tag.lemma);
        if (found != wanted.end() &&
            caption.substr(tag.span.start, tag.span.length) == found->second) {
            wanted.erase(found);
        }
    }
    return wanted.empty() ? QString()
                          : "\"" + QString::fromStdString(wanted.begin()->first) + "\" is missing";
}

/// Captions of 0 to 600 bytes without any sense.
inline std::vector<std::string> anyBytes()
{
    std::vector<std::string> captions(1);
    unsigned state = 1;
    for (int length = 0; length < 600; ++length) {
        state = state * 1664525U + 1013904223U;
        captions.push_back(captions.back() + char(state >> 24U));
    }
    return captions;
}

} // namespace tagalign::test
