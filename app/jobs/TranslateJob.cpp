#include "app/jobs/TranslateJob.h"

#include "app/jobs/TagKinds.h"
#include "db/TagRepository.h"
#include "model/Error.h"
#include "model/tags/CaptionLanguage.h"

#include <QCoreApplication>

#include <string_view>

namespace tagalign::app {

QString TranslateSummary::sentence() const
{
    return problem.isEmpty() ? QCoreApplication::translate(
                                   "Tags", "%1 tags translated by dictionary, %2 not found in it.")
                                   .arg(translated)
                                   .arg(unknown)
                             : problem;
}

bool needsEnglish(const db::Tag& tag)
{
    return model::tags::captionLanguage(tag.display.toStdString()) == std::string_view("ja");
}

TranslateSummary translateTags(const db::Database& database,
                               const std::filesystem::path& dictionary)
{
    db::TagRepository repository(database.connection());
    QList<db::Tag> tags = repository.tags();
    tags.removeIf([](const db::Tag& tag) {
        return !tag.english.isEmpty() || tag.englishSource == db::EnglishSource::Edited ||
               !needsEnglish(tag);
    });
    TranslateSummary summary;
    if (tags.isEmpty()) {
        return summary;
    }
    try {
        const model::tags::Dictionary words(dictionary);
        QHash<db::TagId, QString> english;
        for (const db::Tag& tag : tags) {
            if (const auto word = words.english(tag.lemma.toStdString(), modelKind(tag.kind))) {
                english.insert(tag.id, QString::fromStdString(*word));
            }
        }
        repository.setEnglish(english, db::EnglishSource::Translated);
        summary.translated = int(english.size());
        summary.unknown = int(tags.size() - english.size());
    } catch (const model::Error& error) {
        summary.problem =
            QCoreApplication::translate("Tags", "Japanese tags stay untranslated: %1.")
                .arg(QString::fromUtf8(error.what()));
    }
    return summary;
}

void editEnglish(const db::Database& database, const QString& tag, const QString& english)
{
    db::TagRepository repository(database.connection());
    QHash<db::TagId, QString> edited;
    for (const db::Tag& known : repository.tags()) {
        if (known.lemma == tag || known.display == tag) {
            edited.insert(known.id, english.simplified());
        }
    }
    if (edited.isEmpty()) {
        throw model::Error("the project has no tag \"" + tag.toStdString() +
                           "\"; \"tagalign translate\" lists those in Japanese");
    }
    repository.setEnglish(edited, db::EnglishSource::Edited);
}

QString englishNote(const db::Candidate& candidate)
{
    if (candidate.english.isEmpty()) {
        return {};
    }
    return (candidate.englishSource == db::EnglishSource::Translated
                ? QCoreApplication::translate("Tags", "English, translated by dictionary: %1")
                : QCoreApplication::translate("Tags", "English, edited: %1"))
        .arg(candidate.english);
}

QString promptOf(const db::Candidate& candidate)
{
    const QString& tag = candidate.english.isEmpty() ? candidate.display : candidate.english;
    const QString& owner =
        candidate.ownerEnglish.isEmpty() ? candidate.owner : candidate.ownerEnglish;
    return owner.isEmpty() ? tag : tag + QLatin1Char(' ') + owner;
}

} // namespace tagalign::app
