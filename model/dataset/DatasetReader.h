#pragma once

#include "model/Progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

/// The part of the data that an image was published for.
enum class GivenSplit { None, Train, Validation, Test };

/// One image with its captions, as a data set lists it. The file may not exist: the importer
/// looks and reports.
struct PairRecord
{
    std::filesystem::path file; ///< absolute, inside the data set's folder
    std::vector<std::string> captions;
    std::string where; ///< "captions.jsonl, line 12": for messages
    GivenSplit split = GivenSplit::None;
};

/// A record that was left out, with the reason, as one sentence.
struct RecordProblem
{
    std::string where;
    std::string message;
};

struct Dataset
{
    std::string format; ///< "JSONL", "CSV", "sidecar text", "image folder", "WebDataset", ..
    std::filesystem::path root; ///< the extraction folder if pictures were unpacked
    std::vector<PairRecord> records;
    std::vector<RecordProblem> problems;
};

/// Recognises and reads a data set: a folder or one file of it. A folder is, whichever comes
/// first: a Hugging Face imagefolder (metadata.jsonl); all lists of one form with captions (JSONL,
/// CSV, TSV, COCO captions, Flickr token file) in it, else one level down; such lists without
/// captions; pictures, with sidecar texts or bare; WebDataset shards (.tar).
///
/// Lists name pictures relative to themselves or to the folder, else by the only file below whose
/// path ends with the name. Records of the same file are merged. Lists that are damaged, links
/// that lead nowhere and paths that leave the folder become problems. Splits are taken from the
/// field `split` of JSONL and from the folders of an imagefolder.
/// @param extraction folder to unpack pictures of shards into; without it shards are refused.
/// @throws FormatError if nothing readable is there, saying what was looked for; Cancelled.
[[nodiscard]] Dataset readDataset(const std::filesystem::path& source, const OnProgress& onProgress,
                                  const std::filesystem::path& extraction = {});

} // namespace tagalign::model::dataset
