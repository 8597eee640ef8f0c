#include "model/dataset/DelimitedText.h"

#include "model/Error.h"

namespace tagalign::model::dataset {

DelimitedText::DelimitedText(std::istream& stream, char delimiter)
    : m_stream(stream),
      m_delimiter(delimiter)
{
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    for (const char expected : kByteOrderMark) {
        if (m_stream.peek() != static_cast<unsigned char>(expected)) {
            break;
        }
        m_stream.get();
    }
}

std::optional<std::vector<std::string>> DelimitedText::next()
{
    if (m_stream.peek() == std::istream::traits_type::eof()) {
        return std::nullopt;
    }
    m_recordLine = m_line;
    std::vector<std::string> fields(1);
    bool isQuoted = false;
    char c = 0;
    while (m_stream.get(c)) {
        if (c == '\n') {
            ++m_line;
        }
        if (isQuoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (m_stream.peek() == '"') {
                fields.back() += char(m_stream.get());
            } else {
                isQuoted = false;
            }
        } else if (c == '"' && fields.back().empty()) {
            isQuoted = true;
        } else if (c == m_delimiter) {
            fields.emplace_back();
        } else if (c == '\n') {
            break;
        } else if (c != '\r' || m_stream.peek() != '\n') {
            fields.back() += c;
        }
    }
    if (isQuoted) {
        throw FormatError("line " + std::to_string(m_recordLine) +
                          ": a quotation mark is opened and never closed");
    }
    return fields;
}

} // namespace tagalign::model::dataset
