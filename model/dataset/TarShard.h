#pragma once

#include "model/Progress.h"
#include "model/dataset/RecordCollector.h"

#include <filesystem>

namespace tagalign::model::dataset {

/// Unpacks the pictures of a WebDataset shard (.tar: KEY.jpg, .jpeg, .png or .webp with KEY.txt
/// or KEY.json) and adds them with their captions.
///
/// A picture becomes EXTRACTION/<shard's name>/KEY.<ending>, streamed and only whole; a file that
/// is there already is kept, and where it differs the new one takes the next free name. Entries
/// with names that leave that folder, links and devices are refused one by one; of a truncated
/// shard what comes before the break is kept. All this becomes problems of `records`.
/// @param records over the extraction folder.
/// @throws FormatError without the file's name if it is no tar file; Error if a picture cannot be
///         written; Cancelled.
void readShard(const std::filesystem::path& shard, const std::filesystem::path& extraction,
               RecordCollector& records, const OnProgress& onProgress);

} // namespace tagalign::model::dataset
