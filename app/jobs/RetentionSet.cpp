#include "app/jobs/RetentionSet.h"

#include "app/Error.h"
#include "app/ModelChoice.h"
#include "app/jobs/CaptionParsers.h"
#include "db/ImageRepository.h"
#include "model/Error.h"
#include "model/dataset/DatasetReader.h"
#include "model/image/ContentHash.h"
#include "model/image/ImageBytes.h"
#include "model/pipeline/Encoding.h"
#include "model/tags/CaptionLanguage.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QSet>
#include <QTemporaryDir>

#include <algorithm>
#include <map>
#include <utility>

namespace tagalign::app {

namespace {

using model::dataset::PairRecord;
using model::pipeline::PilotData;
using model::pipeline::PilotImage;

const QString kSource = QStringLiteral("retention_source");
constexpr std::size_t kMostImages = 1000;
constexpr std::size_t kMostTags = 200; // each costs a dozen prompts through the text tower
constexpr std::size_t kFewestImages = 3;
constexpr std::size_t kBatch = 512; // captions parsed together

QSet<QString> hashesOf(const db::Database& database)
{
    QSet<QString> hashes;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        hashes.insert(image.sha256);
    }
    return hashes;
}

/// In an order that has nothing to do with that of the list, so that the first are a sample. By
/// their names below the root: to read them all would be too much.
std::vector<const PairRecord*> shuffled(const model::dataset::Dataset& dataset)
{
    std::vector<std::pair<std::string, const PairRecord*>> byHash;
    byHash.reserve(dataset.records.size());
    for (const PairRecord& record : dataset.records) {
        byHash.emplace_back(
            model::image::contentHash(record.file.lexically_relative(dataset.root).string()),
            &record);
    }
    std::sort(byHash.begin(), byHash.end());
    std::vector<const PairRecord*> records;
    records.reserve(byHash.size());
    for (const auto& [hash, record] : byHash) {
        records.push_back(record);
    }
    return records;
}

/// A picture and where its captions are.
struct Picture
{
    PilotImage image;
    const PairRecord* record = nullptr;
};

/// Pictures that can be read and are not the pilot's, each once.
/// @param known hashes of the pilot's.
std::vector<Picture> picturesOf(const model::dataset::Dataset& dataset, QSet<QString> known,
                                QList<ImportProblem>& problems, JobContext& context)
{
    std::vector<Picture> pictures;
    const auto most = qint64(std::min(kMostImages, dataset.records.size()));
    for (const PairRecord* record : shuffled(dataset)) {
        if (pictures.size() == kMostImages) {
            break;
        }
        context.step({qint64(pictures.size()), most,
                      QCoreApplication::translate("Retention", "Reading the retention set")});
        try {
            const std::string hash =
                model::image::contentHash(model::image::readBytes(record->file));
            const QString key = QString::fromStdString(hash);
            if (!known.contains(key)) {
                known.insert(key);
                pictures.push_back({{.file = record->file,
                                     .contentHash = hash,
                                     .split = model::pipeline::Split::Test},
                                    record});
            }
        } catch (const model::Error& error) {
            problems.append(
                {QString::fromStdString(record->where), QString::fromUtf8(error.what())});
        }
    }
    return pictures;
}

/// What the captions say of each picture, by tag. [tag] -> picture -> confidence
using Mentions =
    std::map<std::pair<model::tags::TagKind, std::string>, std::map<std::size_t, float>>;

Mentions mentionsIn(const std::vector<Picture>& pictures, JobContext& context)
{
    std::vector<std::string> captions;
    std::vector<std::size_t> owners; // of each caption
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        for (const std::string& caption : pictures[i].record->captions) {
            if (model::tags::captionLanguage(caption) == std::string_view("en")) {
                captions.push_back(caption);
                owners.push_back(i);
            }
        }
    }
    CaptionParsers parsers;
    const auto& parser = parsers.named(englishParsers().front());
    Mentions mentions;
    for (std::size_t first = 0; first < captions.size(); first += kBatch) {
        context.step(
            {qint64(first), qint64(captions.size()),
             QCoreApplication::translate("Retention", "Reading the retention set's captions")});
        const std::size_t count = std::min(kBatch, captions.size() - first);
        const auto parsed = parser.parseAll({captions.data() + first, count});
        for (std::size_t i = 0; i < count; ++i) {
            for (const auto& tag : parsed[i].tags) {
                float& confidence = mentions[{tag.kind, tag.lemma}][owners[first + i]];
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

void chooseRetentionSet(const Project& project, const QString& source)
{
    if (!source.isEmpty() && !QFileInfo::exists(source)) {
        throw errorOf(QCoreApplication::translate(
                          "Retention", "%1: does not exist; name a data set that can be imported")
                          .arg(source));
    }
    db::Database database(project.databaseFile());
    database.setSetting(kSource, source.isEmpty() ? source : QFileInfo(source).absoluteFilePath());
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
    const Mentions mentions = mentionsIn(pictures, context);
    set.data = dataOf(std::move(pictures), mentions);
    if (set.data.tags.empty()) {
        throw errorOf(QCoreApplication::translate(
                          "Retention", "%1: no tag is on three pictures outside the pilot, so that "
                                       "it says nothing of what a head forgets; choose a larger "
                                       "set with English captions")
                          .arg(source));
    }
    encode(project, database, set, context);
    return set;
}

} // namespace tagalign::app
