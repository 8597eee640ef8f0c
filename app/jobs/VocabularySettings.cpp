#include "app/jobs/VocabularySettings.h"

#include "app/Error.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VocabularyRepository.h"

#include <QCoreApplication>
#include <QFile>

namespace tagalign::app {

namespace {

const QString kTemplates = QStringLiteral("vocabulary/templates");
const QString kMinimum = QStringLiteral("vocabulary/minimum_images");
constexpr int kSmallProject = 50; ///< images: below, every tag is worth keeping
constexpr int kFrequent = 3;      ///< images

QByteArray shipped(const QString& name)
{
    QFile file(QStringLiteral(":/vocabularies/") + name);
    if (!file.open(QIODevice::ReadOnly)) {
        throw errorOf(
            QStringLiteral("the list %1 is missing from the program; install it again").arg(name));
    }
    return file.readAll();
}

QStringList readWords()
{
    QStringList words;
    for (const QString& line :
         QString::fromUtf8(shipped(QStringLiteral("empty_words.txt"))).split(QLatin1Char('\n'))) {
        if (!line.startsWith(QLatin1Char('#'))) {
            for (const QString& word : line.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
                words.append(word.simplified());
            }
        }
    }
    return words;
}

} // namespace

model::tags::PromptTemplates promptTemplatesOf(const db::Database& database)
{
    return model::tags::PromptTemplates::fromJson(
        database.setting(kTemplates, QStringLiteral("{}")).toStdString());
}

void setPromptTemplates(db::VocabularyStep& step, const model::tags::PromptTemplates& templates)
{
    const QString json = QString::fromStdString(templates.toJson());
    step.setSetting(kTemplates, json == QLatin1String("{}") ? QString() : json);
}

int minimumImages(const db::Database& database)
{
    const int said = database.setting(kMinimum).toInt();
    if (said > 0) {
        return said;
    }
    const int images = db::ImageRepository(database.connection()).counts().images;
    return images < kSmallProject ? 1 : kFrequent;
}

void setMinimumImages(db::VocabularyStep& step, int images)
{
    if (images < 1 || images > kGreatestMinimum) {
        throw errorOf(
            QCoreApplication::translate("Vocabulary", "The minimum must be 1 to %1 images, not %2")
                .arg(kGreatestMinimum)
                .arg(images));
    }
    step.setSetting(kMinimum, QString::number(images));
}

const QStringList& emptyWords()
{
    static const QStringList words = readWords();
    return words;
}

std::map<std::string, model::tags::AttributeClass, std::less<>> attributeClasses()
{
    return model::tags::readAttributeClasses(
        shipped(QStringLiteral("attribute_classes.txt")).toStdString());
}

int guessClasses(const db::Database& database)
{
    QList<db::Tag> open = db::TagRepository(database.connection()).tags();
    open.removeIf([](const db::Tag& tag) {
        return tag.kind != db::TagKind::Attribute || !tag.tagClass.isEmpty();
    });
    if (open.isEmpty()) {
        return 0;
    }
    try {
        const model::tags::Thesaurus thesaurus;
        const model::tags::AttributeClassifier classifier(attributeClasses(), thesaurus);
        QHash<db::TagId, QString> classes;
        for (const db::Tag& tag : open) {
            const QString& word = tag.inEnglish();
            classes.insert(tag.id, QString::fromStdString(className(
                                       classifier.classOf(word.toLower().toStdString()))));
        }
        db::VocabularyRepository(database.connection()).setGuessedClasses(classes);
        return int(classes.size());
    } catch (const model::Error&) { // without WordNet they stay open, and are told as such
        return 0;
    }
}

} // namespace tagalign::app
