#pragma once

#include "model/align/Head.h"
#include "model/align/Losses.h"

#include <filesystem>
#include <memory>
#include <string>

namespace tagalign::model::align {

/// What belongs to a head besides its weights; travels in the file's metadata.
struct HeadInfo
{
    std::string checkpoint; ///< fingerprint of the frozen model it was trained on
    std::string patchPath;  ///< name of the path that its tokens came from
    TagPooling pooling = TagPooling::LogSumExp;
    double kappa = 0.07;       ///< of the pooling, see poolTags()
    double blend = 0.3;        ///< with the frozen model, see MaskSettings
    double captionShare = 0.5; ///< as trained; at 1 the whole image's vector has no part in scores
    ScoreShares shares;
};

struct LoadedHead
{
    std::shared_ptr<Head> head;
    HeadInfo info;
};

/// What the frozen model at hand looks like; 0 or empty means "any".
struct HeadFit
{
    std::int64_t tokenWidth = 0;
    std::int64_t embeddingWidth = 0;
    std::string checkpoint;
    std::string patchPath;
};

/// Safetensors, float32, by temporary + rename. @throws Error naming the file.
void saveHead(Head& head, const HeadInfo& info, const std::filesystem::path& file);

/// Writes other shares into a head's file; its weights stay. @throws as loadHead()
void writeShares(const ScoreShares& shares, const std::filesystem::path& file);

/// The file's header is compared with `fit` and with itself before memory is taken for the head.
/// @throws FormatError naming the file: not a head, unknown kind; a tensor that is missing,
///         misshapen, not of a floating-point type or not finite.
/// @throws ShapeError if its widths are not those of the frozen model.
/// @throws Error if it was trained on another checkpoint or patch path.
[[nodiscard]] LoadedHead loadHead(const std::filesystem::path& file, const HeadFit& fit = {});

} // namespace tagalign::model::align
