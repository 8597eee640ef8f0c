#pragma once

#include "model/clip/PatchPath.h"
#include "model/tags/CaptionParser.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

enum class Split { Train, Validation, Test };

/// Where the model and its cached features are.
struct ModelFiles
{
    std::filesystem::path checkpoint; ///< folder with config.json, model.safetensors, vocabulary
    std::filesystem::path store;      ///< the project's features folder
    clip::PatchPath patchPath = clip::PatchPath::SelfValue;
};

/// One enabled tag; its index is its position in PilotData::tags.
struct PilotTag
{
    std::string text; ///< lemma, as it goes into the prompt templates
    tags::TagKind kind = tags::TagKind::Object;
    double weight = 1.0;                ///< business priority, > 0
    std::vector<std::string> templates; ///< tags::PromptTemplates; none: the kind's standard ones
    std::string attributeClass; ///< "colour", "material", ..; for figures alone, not kept with runs
};

/// What is known of one tag on one image.
struct TagTarget
{
    std::size_t tag = 0;      ///< index into PilotData::tags
    double probability = 1.0; ///< 1 accepted, 0 rejected (a known absence), else belief in (0, 1)
    bool verified = false;    ///< a person said so
};

/// An attribute that a caption gives to an object; indices into PilotData::tags.
struct Ownership
{
    std::size_t attribute = 0;
    std::size_t object = 0;
};

struct PilotImage
{
    std::filesystem::path file;
    std::string contentHash; ///< sha256, hex: the key into the feature store
    std::vector<std::string> captions;
    std::vector<TagTarget> targets;
    Split split = Split::Train;
    std::vector<Ownership> ownerships;  ///< each once
    std::vector<std::string> languages; ///< of its captions, each once
};

/// Everything that training and evaluation need: plain values, made by app from the database.
struct PilotData
{
    std::vector<PilotTag> tags;
    std::vector<PilotImage> images;
};

} // namespace tagalign::model::pipeline
