#include "app/jobs/RetentionSet.h"

#include "app/ModelChoice.h"
#include "app/jobs/CaptionParsers.h"
#include "db/ImageRepository.h"
#include "model/Error.h"
#include "model/dataset/DatasetReader.h"
#include "model/image/ContentHash.h"
#include "model/pipeline/Encoding.h"
#include "model/tags/CaptionLanguage.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QSet>
#include <QTemporaryDir>

#include <algorithm>
#include <map>
#include <utility>

namespace tagalign::app {

namespace {

using model::pipeline::PilotData;
using model::pipeline::PilotImage;

const QString kSource = QStringLiteral("retention_source");
constexpr std::size_t kMostImages = 1000;
constexpr std::size_t kMostTags = 200; // each costs a dozen prompts through the text tower
constexpr std::size_t kFewestImages = 3;

/// A picture with its captions and what they say.
struct Picture
{
    PilotImage image;
    std::vector<std::string> captions; ///< in English
};

QSet<QString> hashesOf(const db::Database& database)
{
    QSet<QString> hashes;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        hashes.insert(image.sha256);
    }
    return hashes;
}

std::vector<std::string> englishOf(const std::vector<std::string>& captions)
{
    std::vector<std::string> english;
    std::copy_if(captions.begin(), captions.end(), std::back_inserter(english),
                 [](const std::string& caption) {
                     return model::tags::captionLanguage(caption) == std::string_view("en");
                 });
    return english;
}

/// The pictures that can be read and are not the pilot's, each once.
std::vector<Picture> picturesOf(const model::dataset::Dataset& dataset, QSet<QString> known,
                                QList<ImportProblem>& problems, JobContext& context)
{
    std::vector<Picture> pictures;
    qint64 done = 0;
    for (const auto& record : dataset.records) {
        context.step({done++, qint64(dataset.records.size()),
                      QCoreApplication::translate("Retention", "Reading the retention set")});
        const QString file = QString::fromStdString(record.file.string());
        const QByteArray bytes = [&file] {
            QFile opened(file);
            return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
        }();
        if (bytes.isEmpty()) {
            problems.append(
                {QString::fromStdString(record.where),
                 QCoreApplication::translate("Retention", "%1 cannot be read; left out.")
                     .arg(file)});
            continue;
        }
        const std::string hash =
            model::image::contentHash({bytes.constData(), std::size_t(bytes.size())});
        const QString key = QString::fromStdString(hash);
        if (known.contains(key)) {
            continue;
        }
        known.insert(key);
        pictures.push_back(
            {{.file = record.file, .contentHash = hash, .split = model::pipeline::Split::Test},
             englishOf(record.captions)});
    }
    return pictures;
}

/// A sample that does not change with the order of the list.
void keepSome(std::vector<Picture>& pictures)
{
    std::sort(pictures.begin(), pictures.end(), [](const Picture& a, const Picture& b) {
        return a.image.contentHash < b.image.contentHash;
    });
    pictures.resize(std::min(pictures.size(), kMostImages));
}

/// What the captions say of each picture, by tag. [tag] -> picture -> confidence
using Mentions =
    std::map<std::pair<model::tags::TagKind, std::string>, std::map<std::size_t, float>>;

Mentions mentionsIn(const std::vector<Picture>& pictures, JobContext& context)
{
    CaptionParsers parsers;
    const auto& parser = parsers.named(englishParsers().front());
    Mentions mentions;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        context.step(
            {qint64(i), qint64(pictures.size()),
             QCoreApplication::translate("Retention", "Reading the retention set's tags")});
        for (const auto& parsed : parser.parseAll(pictures[i].captions)) {
            for (const auto& tag : parsed.tags) {
                float& confidence = mentions[{tag.kind, tag.lemma}][i];
                confidence = std::max(confidence, tag.confidence);
            }
        }
    }
    return mentions;
}

PilotData dataOf(std::vector<Picture> pictures, const Mentions& mentions)
{
    std::vector<const Mentions::value_type*> tags;
    for (const auto& entry : mentions) {
        if (entry.second.size() >= kFewestImages) {
            tags.push_back(&entry);
        }
    }
    std::stable_sort(tags.begin(), tags.end(), [](const auto* a, const auto* b) {
        return a->second.size() > b->second.size();
    });
    tags.resize(std::min(tags.size(), kMostTags));
    PilotData data;
    for (const auto* entry : tags) {
        for (const auto& [picture, confidence] : entry->second) {
            pictures[picture].image.targets.push_back(
                {.tag = data.tags.size(), .probability = confidence});
        }
        data.tags.push_back({.text = entry->first.second, .kind = entry->first.first});
    }
    for (Picture& picture : pictures) {
        data.images.push_back(std::move(picture.image));
    }
    return data;
}

void encode(const Project& project, const db::Database& database, RetentionSet& set,
            JobContext& context)
{
    std::vector<model::pipeline::EncodeItem> items;
    for (const PilotImage& image : set.data.images) {
        items.push_back({image.file, image.contentHash});
    }
    const auto report = model::pipeline::encodeImages(
        modelFiles(project, database), items, {},
        context.forModel(QCoreApplication::translate("Retention", "Encoding the retention set")));
    for (const auto& problem : report.problems) {
        set.problems.append({QString::fromStdString(problem.file.string()),
                             QString::fromStdString(problem.message)});
    }
}

} // namespace

QString retentionSource(const db::Database& database)
{
    return database.setting(kSource);
}

RetentionSet readRetentionSet(const Project& project, const db::Database& database,
                              const QString& source, JobContext& context)
{
    const QTemporaryDir unpacked; // of shards; what counts is in the feature store then
    const auto dataset = model::dataset::readDataset(
        source.toStdString(),
        context.forModel(QCoreApplication::translate("Retention", "Reading the retention set")),
        unpacked.path().toStdString());
    RetentionSet set;
    for (const auto& problem : dataset.problems) {
        set.problems.append(
            {QString::fromStdString(problem.where), QString::fromStdString(problem.message)});
    }
    auto pictures = picturesOf(dataset, hashesOf(database), set.problems, context);
    keepSome(pictures);
    const Mentions mentions = mentionsIn(pictures, context);
    set.data = dataOf(std::move(pictures), mentions);
    if (set.data.tags.empty()) {
        throw model::Error(
            source.toStdString() +
            ": no tag is on three pictures outside the pilot, so that it says nothing "
            "of what a head forgets; choose a larger set with English captions");
    }
    encode(project, database, set, context);
    return set;
}

void chooseRetentionSet(const Project& project, const QString& source, JobContext& context)
{
    db::Database database(project.databaseFile());
    const QString place = source.isEmpty() ? source : QDir(source).absolutePath();
    if (!place.isEmpty()) {
        (void)readRetentionSet(project, database, place, context);
    }
    database.setSetting(kSource, place);
}

} // namespace tagalign::app
