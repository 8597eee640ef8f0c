#include "app/jobs/VocabularyJob.h"

#include "app/Error.h"
#include "app/User.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/TagKinds.h"
#include "app/jobs/VocabularySettings.h"
#include "db/TagRepository.h"
#include "model/tags/VocabularySuggestions.h"

#include <QCoreApplication>

#include <algorithm>
#include <functional>

namespace tagalign::app {

namespace {

constexpr int kNamed = 4; ///< tags named in a sentence; the rest is counted

/// Sentences for people.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Vocabulary)
};

/// "cab, taxi"; "cab, taxi, car, bus and 3 more".
QString listed(const QStringList& names)
{
    const QString some = names.mid(0, kNamed).join(QStringLiteral(", "));
    return names.size() <= kNamed ? some
                                  : Text::tr("%1 and %2 more").arg(some).arg(names.size() - kNamed);
}

QStringList namesOf(const db::Database& database, const QList<db::TagId>& tags)
{
    const QHash<db::TagId, QString> all = db::TagRepository(database.connection()).names();
    QStringList names;
    for (const db::TagId tag : tags) {
        names.append(all.value(tag));
    }
    return names;
}

/// One step: the work, its sentence, and tags in use as they then should be.
QString change(const db::Database& database, const QString& action, const QString& sentence,
               const std::function<void(db::VocabularyStep&)>& work)
{
    {
        db::VocabularyStep step(database.connection(), userName(), action);
        work(step);
        if (!step.commit(sentence)) {
            return Text::tr("Nothing changed.");
        }
    }
    enableFrequentTags(database);
    return sentence;
}

QList<db::VocabularyTag> emptyTags(const db::Database& database)
{
    QList<db::VocabularyTag> tags = db::VocabularyRepository(database.connection()).tags();
    tags.removeIf([](const db::VocabularyTag& each) {
        return each.tag.kind != db::TagKind::Object || each.use == db::TagUse::Off ||
               !emptyWords().contains(each.tag.inEnglish().toLower());
    });
    return tags;
}

QStringList namesOf(const QList<db::VocabularyTag>& tags)
{
    QStringList names;
    for (const db::VocabularyTag& each : tags) {
        names.append(each.tag.display);
    }
    return names;
}

model::tags::VocabularyEntry entryOf(const db::VocabularyTag& tag, const QSet<db::ImageId>& images)
{
    model::tags::VocabularyEntry entry{.lemma = tag.tag.inEnglish().toLower().toStdString(),
                                       .kind = modelKind(tag.tag.kind),
                                       .hasParent = tag.parent.has_value()};
    for (const db::ImageId image : images) {
        entry.images.push_back(std::int64_t(image));
    }
    std::sort(entry.images.begin(), entry.images.end());
    return entry;
}

/// Positions to ids and names.
std::pair<QList<db::TagId>, QStringList> tagsAt(const std::vector<std::size_t>& positions,
                                                const QList<db::VocabularyTag>& tags)
{
    std::pair<QList<db::TagId>, QStringList> found;
    for (const std::size_t position : positions) {
        found.first.append(tags.at(qsizetype(position)).tag.id);
        found.second.append(tags.at(qsizetype(position)).tag.display);
    }
    return found;
}

} // namespace

QString mergeTags(const db::Database& database, const QList<db::TagId>& tags, db::TagId kept,
                  const QString& name)
{
    QList<db::TagId> gone = tags;
    gone.removeAll(kept);
    if (gone.isEmpty()) {
        throw errorOf(Text::tr("Choose at least two tags to merge"));
    }
    const db::MergeCount count = db::VocabularyRepository(database.connection()).countMerge(tags);
    const QString sentence = Text::tr("%1 merged into \"%2\", on %n images.", nullptr, count.images)
                                 .arg(listed(namesOf(database, gone)),
                                      name.isEmpty() ? namesOf(database, {kept}).first() : name);
    return change(database, QStringLiteral("merge"), sentence, [&](db::VocabularyStep& step) {
        for (const db::TagId tag : gone) {
            step.merge(tag, kept);
        }
        if (!name.isEmpty()) {
            step.rename(kept, name);
        }
    });
}

QString rollUpTags(const db::Database& database, const QList<db::TagId>& tags,
                   const QString& parent)
{
    if (tags.isEmpty()) {
        throw errorOf(Text::tr("Choose the tags to roll up"));
    }
    const QString sentence = Text::tr("%1 count as \"%2\" too.")
                                 .arg(listed(namesOf(database, tags)), parent.simplified());
    return change(database, QStringLiteral("roll up"), sentence, [&](db::VocabularyStep& step) {
        const QList<db::Tag> all = db::TagRepository(database.connection()).tags();
        const auto first = std::find_if(
            all.begin(), all.end(), [&](const db::Tag& each) { return each.id == tags.first(); });
        const db::TagKind kind = first == all.end() ? db::TagKind::Object : first->kind;
        const db::TagId above = step.tagNamed(kind, parent);
        for (const db::TagId tag : tags) {
            step.rollUp(tag, above);
        }
    });
}

QString splitTag(const db::Database& database, const Split& split)
{
    const auto count = db::countSplit(database.connection(), split.tag, split.by, split.text);
    const QString sentence =
        Text::tr("\"%1\" split off \"%2\", on %n images.", nullptr, count.images)
            .arg(split.name.simplified(), namesOf(database, {split.tag}).first());
    return change(database, QStringLiteral("split"), sentence, [&split](db::VocabularyStep& step) {
        step.split(split.tag, split.by, split.text, split.name);
    });
}

QString renameTag(const db::Database& database, db::TagId tag, const QString& name)
{
    const QString sentence = Text::tr("\"%1\" renamed to \"%2\".")
                                 .arg(namesOf(database, {tag}).first(), name.simplified());
    return change(database, QStringLiteral("rename"), sentence,
                  [&](db::VocabularyStep& step) { step.rename(tag, name); });
}

QString editTags(const db::Database& database, const QList<db::TagEdit>& edits)
{
    QList<db::TagId> tags;
    for (const db::TagEdit& edit : edits) {
        tags.append(edit.tag);
    }
    const QString sentence = Text::tr("Edited: %1.").arg(listed(namesOf(database, tags)));
    return change(database, QStringLiteral("edit"), sentence, [&edits](db::VocabularyStep& step) {
        for (const db::TagEdit& edit : edits) {
            step.edit(edit);
        }
    });
}

QString dropEmptyTags(const db::Database& database)
{
    const QList<db::VocabularyTag> tags = emptyTags(database);
    const QString sentence =
        Text::tr("Switched off, as they name no thing: %1.").arg(listed(namesOf(tags)));
    return change(database, QStringLiteral("drop empty"), sentence,
                  [&tags](db::VocabularyStep& step) {
                      for (const db::VocabularyTag& each : tags) {
                          step.edit({.tag = each.tag.id, .use = db::TagUse::Off});
                      }
                  });
}

QString changeMinimum(const db::Database& database, int images)
{
    const QString sentence = Text::tr("Tags on at least %n images are in use.", nullptr, images);
    return change(database, QStringLiteral("minimum"), sentence,
                  [images](db::VocabularyStep& step) { setMinimumImages(step, images); });
}

QString changeTemplates(const db::Database& database, const model::tags::PromptTemplates& templates)
{
    return change(database, QStringLiteral("templates"), Text::tr("Prompt templates edited."),
                  [&templates](db::VocabularyStep& step) { setPromptTemplates(step, templates); });
}

QString undoVocabulary(const db::Database& database)
{
    const auto undone = db::VocabularyRepository(database.connection()).undo(userName());
    if (!undone) {
        throw errorOf(Text::tr("There is no step of the vocabulary to take back"));
    }
    enableFrequentTags(database);
    return Text::tr("Taken back: %1").arg(undone->sentence);
}

QString previewMerge(const db::Database& database, const QList<db::TagId>& tags)
{
    const db::MergeCount count = db::VocabularyRepository(database.connection()).countMerge(tags);
    const QString become =
        Text::tr("%1 tags become 1 on %n images", nullptr, count.images).arg(tags.size());
    return count.disagreeing == 0
               ? become + QLatin1Char('.')
               : become + Text::tr("; on %n of them the verdicts disagree: the newer one holds.",
                                   nullptr, count.disagreeing);
}

QString previewRollUp(const db::Database& database, const QList<db::TagId>& tags,
                      const QString& parent)
{
    const auto images = db::VocabularyRepository(database.connection()).imagesByTag();
    QSet<db::ImageId> all;
    for (const db::TagId tag : tags) {
        all.unite(images.value(tag));
    }
    QSet<db::ImageId> there;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        if (tag.lemma == parent.simplified().toLower()) {
            there.unite(images.value(tag.id));
        }
    }
    const auto gathered = int(all.size());
    return Text::tr("%n images count as \"%1\" too, %2 of them do so already.", nullptr, gathered)
        .arg(parent.simplified())
        .arg(all.intersect(there).size());
}

QString previewSplit(const db::Database& database, const Split& split)
{
    const db::SplitCount count =
        db::countSplit(database.connection(), split.tag, split.by, split.text);
    const auto images =
        db::VocabularyRepository(database.connection()).imagesByTag().value(split.tag).size();
    return Text::tr("%n of %1 images go to the new tag.", nullptr, count.images).arg(images);
}

QString previewDropEmpty(const db::Database& database)
{
    const QList<db::VocabularyTag> tags = emptyTags(database);
    return tags.isEmpty() ? Text::tr("No tag in use names no thing.")
                          : Text::tr("%n tags name no thing and would be switched off: %1.",
                                     nullptr, int(tags.size()))
                                .arg(listed(namesOf(tags)));
}

QString previewMinimum(const db::Database& database, int images)
{
    int now = 0;
    int then = 0;
    for (const db::VocabularyTag& each : db::VocabularyRepository(database.connection()).tags()) {
        const bool isFixed =
            each.use != db::TagUse::Automatic || each.tag.accepted > 0 || each.tag.rejected > 0;
        now += each.tag.enabled ? 1 : 0;
        then += (isFixed ? each.tag.enabled : each.tag.images >= images) ? 1 : 0;
    }
    return Text::tr("%n tags would be in use, now %1.", nullptr, then).arg(now);
}

QList<VocabularySuggestion> vocabularySuggestions(const db::Database& database)
{
    const db::VocabularyRepository vocabulary(database.connection());
    QList<db::VocabularyTag> tags = vocabulary.tags();
    tags.removeIf([](const db::VocabularyTag& each) {
        return each.use == db::TagUse::Off || each.tag.images == 0;
    });
    const auto images = vocabulary.imagesByTag();
    std::vector<model::tags::VocabularyEntry> entries;
    for (const db::VocabularyTag& each : tags) {
        entries.push_back(entryOf(each, images.value(each.tag.id)));
    }
    const model::tags::Thesaurus thesaurus;
    const model::tags::AttributeClassifier classes(attributeClasses(), thesaurus);
    QList<VocabularySuggestion> all;
    for (const auto& each : model::tags::suggestMerges(entries, thesaurus)) {
        const auto [ids, names] = tagsAt(each.tags, tags);
        all.append(
            {VocabularySuggestion::Kind::Merge,
             ids,
             {},
             Text::tr("%1: same meaning, %n images", nullptr, int(each.images)).arg(listed(names)),
             QString::fromStdString(each.meaning)});
    }
    for (const auto& each : model::tags::suggestRollUps(entries, thesaurus, classes)) {
        const auto [ids, names] = tagsAt(each.tags, tags);
        const QString parent = QString::fromStdString(each.parent);
        all.append({VocabularySuggestion::Kind::RollUp, ids, parent,
                    Text::tr("%1 ← %2: %n images more", nullptr, int(each.gained))
                        .arg(parent, listed(names)),
                    QString::fromStdString(each.meaning)});
    }
    return all;
}

QStringList hypernymsOf(const db::Tag& tag)
{
    const model::tags::Thesaurus thesaurus;
    const model::tags::AttributeClassifier classes(attributeClasses(), thesaurus);
    QStringList words;
    for (const std::string& word : model::tags::hypernymsOf(
             tag.inEnglish().toLower().toStdString(), modelKind(tag.kind), thesaurus, classes)) {
        words.append(QString::fromStdString(word));
    }
    return words;
}

db::Tag tagNamed(const db::Database& database, const QString& name)
{
    const qsizetype colon = name.indexOf(QLatin1Char(':'));
    const QString kind = colon < 0 ? QString() : name.left(colon);
    QList<db::Tag> found;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        const bool isKind = kind == db::kindName(tag.kind);
        const QString wanted = isKind ? name.mid(colon + 1) : name;
        if (tag.lemma == wanted.toLower() || tag.display == wanted) {
            found.append(tag);
        }
    }
    if (found.isEmpty()) {
        throw errorOf(Text::tr("The project has no tag \"%1\"; --json lists them").arg(name));
    }
    if (found.size() > 1) {
        throw errorOf(
            Text::tr("\"%1\" is an object and an attribute; write object:%1 or attribute:%1")
                .arg(name));
    }
    return found.first();
}

} // namespace tagalign::app
