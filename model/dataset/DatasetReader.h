#pragma once

#include "model/Progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

/// One image with its captions, as a data set lists it. The file may not exist: the importer
/// looks and reports.
struct PairRecord
{
    std::filesystem::path file; ///< absolute, inside the data set's folder
    std::vector<std::string> captions;
    std::string where; ///< "captions.jsonl, line 12": for messages
};

/// A record that was left out, with the reason, as one sentence.
struct RecordProblem
{
    std::string where;
    std::string message;
};

struct Dataset
{
    std::string format; ///< "JSONL", "CSV", "COCO captions", "sidecar text", "image folder", ..
    std::filesystem::path root;
    std::vector<PairRecord> records;
    std::vector<RecordProblem> problems;
};

/// Recognises and reads a data set: a folder (with captions.jsonl, metadata.jsonl, a CSV/TSV,
/// a COCO JSON, Flickr token file or sidecar texts in it, else a bare image folder) or one such
/// file. Records of the same file are merged. Paths that leave the folder are refused.
/// @throws FormatError if nothing readable is there, saying what was looked for.
/// @throws Cancelled
[[nodiscard]] Dataset readDataset(const std::filesystem::path& source,
                                  const OnProgress& onProgress);

} // namespace tagalign::model::dataset
