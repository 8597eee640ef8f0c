#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSet>
#include <QSqlDatabase>
#include <QVariant>

namespace tagalign::db {

/// What is split off a tag: candidates that came from these words, or whose caption has this word.
enum class SplitBy { Words, Caption };

/// Does a candidate belong to what is split off? Letter case does not count; a word of letters is
/// looked for as a whole word, of Japanese as it stands.
/// @param caption, start, length: the text and the candidate's bytes of its UTF-8.
[[nodiscard]] bool isSplitOff(SplitBy by, const QString& text, const QString& caption, int start,
                              int length);

struct SplitCount
{
    int candidates = 0;
    int images = 0;
};

/// How much of the tag would be split off. @throws Error
[[nodiscard]] SplitCount countSplit(const QSqlDatabase& connection, TagId tag, SplitBy by,
                                    const QString& text);

/// Writes what one step changes, so that it can be taken back. Used inside a transaction.
class VocabularyJournal
{
public:
    enum class Place { Tag, Candidate };

    VocabularyJournal(const QSqlDatabase& connection, qint64 step)
        : m_connection(connection),
          m_step(step)
    {
    }

    /// Sets a column of the rows that the SQL condition picks. Returns how many. @throws Error
    int change(Place place, const QString& column, const QVariant& value, const QString& condition,
               const QVariantList& bound);

    /// A null value takes the setting away. @throws Error
    void changeSetting(const QString& key, const QString& value);

    void addTag(TagId tag);               ///< it is there from now on
    void addCandidatesFrom(qint64 first); ///< ids
    void addRule(const QString& action, TagId tag, TagId target, const QString& splitBy = {},
                 const QString& splitText = {});

    [[nodiscard]] qint64 step() const { return m_step; }

private:
    QSqlDatabase m_connection;
    qint64 m_step;
};

/// Merges, splits and roll-ups as they hold for a project: each is applied once to what there is,
/// and to every candidate read later, which then can be taken back with its step.
class VocabularyRules
{
public:
    explicit VocabularyRules(const QSqlDatabase& connection); ///< @throws Error

    /// Applies all rules in their order to the candidates from this id on. @throws Error
    void follow(qint64 firstCandidate);

    /// Applies the newest rule to all candidates; the tags whose candidates changed. @throws Error
    QSet<qint64> applyNewest();

private:
    struct Rule
    {
        qint64 id = 0;
        qint64 step = 0;
        QString action;
        qint64 tag = 0;
        qint64 target = 0;
        SplitBy splitBy = SplitBy::Words;
        QString splitText;
    };

    QSet<qint64> followUntil(qint64 firstCandidate, qsizetype end);
    QSet<qint64> apply(qsizetype rule, qint64 firstCandidate);
    void move(const Rule& rule, qint64 firstCandidate);
    void split(const Rule& rule, qint64 firstCandidate);
    QSet<qint64> rollUp(qsizetype place, qint64 firstCandidate);

    QSqlDatabase m_connection;
    QList<Rule> m_rules;
};

/// Makes the state of each image-tag pair of these tags what the last verdict on it says that was
/// not undone. @throws Error
void refreshStates(const QSqlDatabase& connection, const QSet<qint64>& tags,
                   qint64 firstCandidate = 0);

} // namespace tagalign::db
