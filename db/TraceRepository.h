#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSqlDatabase>

namespace tagalign::db {

/// One reading of a tag in a caption of an image, and how the parser came to it.
struct TraceSource
{
    CandidateId candidate{};
    CaptionId caption{};
    QString captionText;
    int spanStart = 0; ///< bytes of the UTF-8 caption
    int spanLength = 0;
    QString owner; ///< display of the object an attribute belongs to; may be empty
    double confidence = 1.0;
    bool inferred = false; ///< not in the caption's own words
    ParserRunId run{};
    QString parser;
    QString parserVersion;
    QString promptVersion; ///< with the rest: of language models; may be empty
    QString promptText;
    QString request;
    QString answer;
    bool reverted = false; ///< its run was taken back; kept since a person has judged it
};

/// One verdict on a tag of an image.
struct TraceVerdict
{
    VerdictId id{};
    State verdict = State::Pending;
    State previous = State::Pending; ///< before it
    QString who;
    QString at; ///< UTC, ISO 8601
    int durationMs = 0;
    Mode mode = Mode::Single;
    bool isUndo = false;
    bool undone = false;     ///< taken back later
    CandidateId candidate{}; ///< that was on screen
};

/// A parser that has read the image's captions and did not find the tag.
struct SilentParser
{
    QString parser;
    QString parserVersion;
    QString promptVersion;
    int captions = 0; ///< of the image, that it has read
};

/// Where one tag of one image comes from and what became of it.
struct TagTrace
{
    QList<TraceSource> sources;   ///< the most confident first
    QList<SilentParser> silent;   ///< runs that were not taken back
    QList<TraceVerdict> verdicts; ///< the oldest first
};

/// Traces tags back to captions, parsers and people. Lives on the thread of its connection.
class TraceRepository
{
public:
    explicit TraceRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Empty if the image does not carry the tag. @throws Error
    [[nodiscard]] TagTrace traceOf(ImageId image, TagId tag) const;

private:
    [[nodiscard]] QList<TraceSource> sourcesOf(ImageId image, TagId tag) const;
    [[nodiscard]] QList<SilentParser> silentOn(ImageId image, TagId tag) const;
    [[nodiscard]] QList<TraceVerdict> verdictsOn(ImageId image, TagId tag) const;

    QSqlDatabase m_connection;
};

} // namespace tagalign::db
