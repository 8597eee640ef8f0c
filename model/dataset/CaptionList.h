#pragma once

#include "model/Progress.h"
#include "model/dataset/RecordCollector.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

/// The forms of a file that lists pictures with captions, the most telling first.
enum class ListForm { JsonLines, Commas, Tabs, Coco, Flickr };

/// By the file's ending and, where that says little, its first line. @return nothing if it is no
/// list. @throws Error if the file cannot be opened.
[[nodiscard]] std::optional<ListForm> formOf(const std::filesystem::path& file);

/// Whether the bytes hold the name of COCO's caption field. COCO's files of outlines and key
/// points do not, and are too large to be parsed for nothing.
/// @throws Error if the file cannot be opened.
[[nodiscard]] bool mentionsCaptions(const std::filesystem::path& file);

/// "JSONL", "CSV", ..
[[nodiscard]] std::string nameOf(ListForm form);

/// Adds what the list says; bad entries become problems of `records`.
/// @throws FormatError without the file's name, after what could be read was added; Error if the
///         file cannot be opened; Cancelled.
void readList(const std::filesystem::path& file, ListForm form, Lookup lookup,
              RecordCollector& records, const OnProgress& onProgress);

/// Texts of the caption fields of one JSON object; none if there are none or it is not one.
[[nodiscard]] std::vector<std::string> captionsOfJson(const std::string& text);

} // namespace tagalign::model::dataset
