#pragma once

#include "db/Rows.h"

#include <QHash>
#include <QList>
#include <QSqlDatabase>

#include <optional>

namespace tagalign::db {

/// Tags, parses and the candidates they gave. Lives on the thread of its connection.
class TagRepository
{
public:
    explicit TagRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Captions that this parser and version has not read yet with this prompt, by id.
    /// @throws Error
    [[nodiscard]] QList<Caption> unparsedCaptions(const QString& parser, const QString& version,
                                                  const QString& promptVersion = {}) const;

    /// The same, but only of captions in this language: the first `most` with an id after this one.
    [[nodiscard]] QList<Caption> unparsedCaptionsIn(const QString& language, const QString& parser,
                                                    const QString& version, CaptionId after,
                                                    int most) const;
    [[nodiscard]] int countUnparsedIn(const QString& language, const QString& parser,
                                      const QString& version) const;

    /// The captions are in this language. What `parser` read out of them before is forgotten, but
    /// for what a person has judged: all rows or none. @throws Error
    void changeLanguage(const QList<CaptionId>& captions, const QString& language,
                        const QString& parser);

    /// Stores parses with their candidates and new tags: all rows or none. A tag that a person
    /// has judged on an image keeps its state for the new candidates too, and what was merged,
    /// split or rolled up in the vocabulary holds for them. Of a parse that was taken back, what
    /// was kept stays as it is. @throws Error, e.g. if the parser's run was reverted
    void addParses(const QList<NewParse>& parses);

    /// All tags with their counts, most frequent first, but for those that were merged into others
    /// (VocabularyStep). @throws Error
    [[nodiscard]] QList<Tag> tags() const;

    /// Display names, also of tags that were merged: runs speak of them. @throws Error
    [[nodiscard]] QHash<TagId, QString> names() const;

    /// Enables the tags that at least `minimumImages` images carry and disables the rest, but
    /// leaves alone what a person has judged or switched on or off. Returns how many are enabled.
    /// @throws Error
    int enableFrequent(int minimumImages);

    /// Stores English equivalents: all rows or none. What a person has edited is left alone by
    /// EnglishSource::Translated; an empty text takes the equivalent away. @throws Error
    void setEnglish(const QHash<TagId, QString>& english, EnglishSource source);

    /// One row for each enabled tag of the image: objects first, most confident first, or the one
    /// that is right with the least probability first.
    [[nodiscard]] QList<Candidate> candidatesOf(ImageId image,
                                                Order order = Order::AsImported) const;

    /// What the image's captions say is not there, each thing once, by name. @throws Error
    [[nodiscard]] QList<Absence> absencesOf(ImageId image) const;

    /// The image and the tag of a candidate; nothing if there is no such candidate. @throws Error
    [[nodiscard]] std::optional<ImageTag> placeOf(CandidateId candidate) const;

    /// The first image after this one, in order of ids, that has a tag without a verdict; past the
    /// last one the search starts anew. Nothing if every enabled tag was judged. @throws Error
    [[nodiscard]] std::optional<ImageId> nextPending(ImageId after) const;

    /// Images with a tag without a verdict, the one with the most doubtful of them first.
    /// @throws Error
    [[nodiscard]] QList<ImageId> pendingByDoubt() const;

    /// candidatesOf() every image, by image.
    [[nodiscard]] QList<Candidate> candidates() const;

    /// The same of the tags that are not in use.
    [[nodiscard]] QList<Candidate> disabledCandidates() const;

    /// Images with the tag, least confident first.
    [[nodiscard]] QList<Candidate> candidatesWith(TagId tag) const;

private:
    QSqlDatabase m_connection;
};

[[nodiscard]] QString kindName(TagKind kind); ///< as stored: "object", "attribute"
[[nodiscard]] TagKind kindOf(const QString& name);
[[nodiscard]] QString stateName(State state);
[[nodiscard]] State stateOf(const QString& name);

} // namespace tagalign::db
