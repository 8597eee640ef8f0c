#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSqlDatabase>

#include <optional>

namespace tagalign::db {

/// What one parser, in one version and with one prompt, has read so far.
struct ParserRun
{
    ParserRunId id{};
    QString parser;
    QString parserVersion; ///< of a language model: its name
    QString promptVersion; ///< empty: none
    QString startedAt;     ///< empty: before runs were kept
    QString finishedAt;    ///< of the last reading; empty: under way, stopped, or not known
    QString revertedAt;    ///< empty: it was not taken back
    int captions = 0;      ///< read
    int tags = 0;          ///< image-tag pairs, as below
    int images = 0;        ///< with at least one of them
    int accepted = 0;
    int rejected = 0;

    [[nodiscard]] bool isReverted() const { return !revertedAt.isEmpty(); }
};

/// Image-tag pairs, and what a person said of them.
struct JudgedPairs
{
    qint64 pairs = 0;
    qint64 accepted = 0;
    qint64 rejected = 0;

    [[nodiscard]] qint64 judged() const { return accepted + rejected; }

    JudgedPairs& operator+=(const JudgedPairs& other);
    friend bool operator==(const JudgedPairs&, const JudgedPairs&) = default;
};

/// Who of two runs found one tag on how many images.
struct TagOverlap
{
    TagId tag{};
    TagKind kind = TagKind::Object;
    QString display;
    bool enabled = true;
    JudgedPairs both;
    JudgedPairs onlyFirst;
    JudgedPairs onlySecond;
};

/// Two runs on the captions that both have read.
struct RunOverlap
{
    int captions = 0;
    QList<TagOverlap> tags; ///< by id
};

/// The run of this parser, version and prompt, which is made where there is none; without counts.
/// @throws Error
[[nodiscard]] ParserRun runRow(const QSqlDatabase& connection, const QString& parser,
                               const QString& version, const QString& promptVersion);

/// The runs of parsers over the project's captions. Lives on the thread of its connection.
class ParserRunRepository
{
public:
    explicit ParserRunRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// A reading begins: makes the run or goes on with it, also if it was reverted, which is
    /// audited then. @throws Error
    ParserRunId start(const QString& parser, const QString& version, const QString& promptVersion,
                      const QString& who);

    void finish(ParserRunId run); ///< the reading came to its end. @throws Error

    /// All runs, the oldest first. @throws Error
    [[nodiscard]] QList<ParserRun> runs() const;

    /// Nothing if there is no such run. @throws Error
    [[nodiscard]] std::optional<ParserRun> run(ParserRunId id) const;

    [[nodiscard]] bool isReverted(const QString& parser, const QString& version,
                                  const QString& promptVersion = {}) const;

    struct TakenBack
    {
        int removed = 0; ///< tags read from captions
        int kept = 0;    ///< of them those that a person has judged
    };

    /// Takes the run's tags back but for those that a person has judged, now or before an undo;
    /// verdicts stay. Until it is started again the run stores nothing. One audited transaction.
    /// @throws Error if there is no such run or it was reverted before; nothing is changed then.
    TakenBack revert(ParserRunId run, const QString& who);

    /// The same, but as the first half of reading all captions again. @throws Error
    TakenBack prepareToReadAgain(ParserRunId run, const QString& who);

    /// On the captions that both have read. @throws Error
    [[nodiscard]] RunOverlap overlap(ParserRunId first, ParserRunId second) const;

    /// Images on which, of captions that both have read, `finder` found the tag and `other` did
    /// not; those without a verdict first. @throws Error
    [[nodiscard]] QList<ImageId> foundByOne(ParserRunId finder, ParserRunId other, TagId tag) const;

private:
    TakenBack takeBack(ParserRunId run);
    [[nodiscard]] QList<ParserRun> runsWhere(const QString& idCondition, qint64 id) const;

    QSqlDatabase m_connection;
};

} // namespace tagalign::db
