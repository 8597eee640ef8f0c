#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

/// Reads CSV or TSV record by record: RFC 4180 quoting, line breaks inside quotes, CRLF, BOM.
class DelimitedText
{
public:
    DelimitedText(std::istream& stream, char delimiter);

    /// The next record, or nothing at the end. @throws FormatError for a quote that never ends,
    /// naming the line it began in.
    [[nodiscard]] std::optional<std::vector<std::string>> next();

    /// The line that the last record began in, from 1.
    [[nodiscard]] std::size_t line() const { return m_recordLine; }

private:
    std::istream& m_stream;
    char m_delimiter;
    std::size_t m_line = 1;
    std::size_t m_recordLine = 0;
};

} // namespace tagalign::model::dataset
