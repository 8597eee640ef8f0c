#include "app/jobs/PilotSnapshot.h"

#include "app/ModelChoice.h"
#include "app/jobs/TagKinds.h"
#include "app/jobs/VocabularySettings.h"
#include "db/ImageRepository.h"
#include "db/MentionRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "model/Error.h"
#include "model/pipeline/StoreKey.h"

#include <QCryptographicHash>
#include <QFile>
#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMap>
#include <QSaveFile>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr qsizetype kReferenceImages = 48;
constexpr qsizetype kRetentionTags = 200; // each costs a dozen prompts through the text tower
constexpr std::size_t kReferenceTags = 40;

model::pipeline::Split splitOf(db::Split split)
{
    switch (split) {
    case db::Split::Train:
        return model::pipeline::Split::Train;
    case db::Split::Validation:
        return model::pipeline::Split::Validation;
    case db::Split::Test:
        return model::pipeline::Split::Test;
    }
    Q_UNREACHABLE();
}

/// Unsure is what a person could not tell: it keeps its probability like an unseen one.
/// @param belief of a tag without a verdict.
model::pipeline::TagTarget targetOf(const db::Candidate& candidate, std::size_t tag, double belief)
{
    const bool accepted = candidate.state == db::State::Accepted;
    const bool rejected = candidate.state == db::State::Rejected;
    return {.tag = tag,
            .probability = accepted   ? 1.0
                           : rejected ? 0.0
                                      : belief,
            .verified = accepted || rejected};
}

void addOnce(std::vector<std::string>& values, const std::string& value)
{
    if (std::find(values.begin(), values.end(), value) == values.end()) {
        values.push_back(value);
    }
}

QJsonArray toJson(const model::pipeline::PilotImage& image)
{
    QJsonArray captions;
    for (const std::string& caption : image.captions) {
        captions.append(QString::fromStdString(caption));
    }
    QJsonArray targets;
    for (const auto& target : image.targets) {
        targets.append(QJsonArray{qint64(target.tag), target.probability, target.verified});
    }
    QJsonArray ownerships;
    for (const auto& ownership : image.ownerships) {
        ownerships.append(QJsonArray{qint64(ownership.attribute), qint64(ownership.object)});
    }
    QJsonArray languages;
    for (const std::string& language : image.languages) {
        languages.append(QString::fromStdString(language));
    }
    return {QString::fromStdString(image.file.string()),
            QString::fromStdString(image.contentHash),
            int(image.split),
            captions,
            targets,
            ownerships,
            languages};
}

model::pipeline::PilotImage imageOf(const QJsonValue& json)
{
    model::pipeline::PilotImage image{.file = json[0].toString().toStdString(),
                                      .contentHash = json[1].toString().toStdString(),
                                      .split = model::pipeline::Split(json[2].toInt())};
    const QJsonArray captions = json[3].toArray();
    for (const auto& caption : captions) {
        image.captions.push_back(caption.toString().toStdString());
    }
    const QJsonArray targets = json[4].toArray();
    for (const auto& target : targets) {
        image.targets.push_back({.tag = std::size_t(target[0].toInteger()),
                                 .probability = target[1].toDouble(),
                                 .verified = target[2].toBool()});
    }
    const QJsonArray ownerships = json[5].toArray(); // not in snapshots of earlier versions
    for (const auto& ownership : ownerships) {
        image.ownerships.push_back(
            {std::size_t(ownership[0].toInteger()), std::size_t(ownership[1].toInteger())});
    }
    const QJsonArray languages = json[6].toArray();
    for (const auto& language : languages) {
        image.languages.push_back(language.toString().toStdString());
    }
    return image;
}

QJsonArray toJson(const model::pipeline::PilotTag& tag, db::TagId id)
{
    QJsonArray row{qint64(id), QString::fromStdString(tag.text), int(tag.kind), tag.weight};
    if (!tag.templates.empty()) {
        QJsonArray templates;
        for (const std::string& each : tag.templates) {
            templates.append(QString::fromStdString(each));
        }
        row.append(templates);
    }
    return row;
}

model::pipeline::PilotTag tagOf(const QJsonValue& json)
{
    model::pipeline::PilotTag tag{.text = json[1].toString().toStdString(),
                                  .kind = model::tags::TagKind(json[2].toInt()),
                                  .weight = json[3].toDouble()};
    const QJsonArray templates = json[4].toArray();
    for (const auto& each : templates) {
        tag.templates.push_back(each.toString().toStdString());
    }
    return tag;
}

/// Candidates of tags outside the pilot on test images, the tag on most of them first.
QList<QList<db::Candidate>> otherCandidates(const db::Database& database,
                                            const QSet<db::TagId>& seen)
{
    QSet<db::ImageId> testImages;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        if (image.split == db::Split::Test) {
            testImages.insert(image.id);
        }
    }
    QMap<db::TagId, QList<db::Candidate>> byTag;
    for (const db::Candidate& candidate :
         db::TagRepository(database.connection()).disabledCandidates()) {
        if (testImages.contains(candidate.image) && !seen.contains(candidate.tag)) {
            byTag[candidate.tag].append(candidate);
        }
    }
    QList<QList<db::Candidate>> tags = byTag.values();
    std::stable_sort(tags.begin(), tags.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return tags.mid(0, kRetentionTags);
}

/// Of what the enabled tags are called before the model and how much each counts.
QString vocabularyHash(const db::Database& database)
{
    const model::tags::PromptTemplates templates = promptTemplatesOf(database);
    QMap<db::TagId, QJsonArray> tags;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        if (tag.enabled) {
            tags.insert(tag.id, toJson(pilotTag(tag, templates), tag.id));
        }
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const QJsonArray& tag : tags) {
        hash.addData(QJsonDocument(tag).toJson(QJsonDocument::Compact));
    }
    return QString::fromLatin1(hash.result().toHex().left(16));
}

} // namespace

model::pipeline::PilotTag pilotTag(const db::Tag& tag,
                                   const model::tags::PromptTemplates& templates)
{
    const std::string group = tag.kind == db::TagKind::Object
                                  ? std::string(model::tags::PromptTemplates::kObject)
                                  : tag.tagClass.toStdString();
    return {.text = tag.inEnglish().toStdString(),
            .kind = modelKind(tag.kind),
            .weight = tag.priority,
            .templates =
                templates.isStandard(group) ? std::vector<std::string>() : templates.of(group),
            .attributeClass = tag.tagClass.toStdString()};
}

QString describeData(const db::Database& database)
{
    const db::Counts counts = db::ImageRepository(database.connection()).counts();
    const QString checkpoint = checkpointOf(database);
    return QString::fromUtf8(
        QJsonDocument(
            QJsonObject{{"model", QString::fromStdString(model::pipeline::checkpointFingerprint(
                                      checkpoint.toStdString()))},
                        {"model_title", modelTitle(checkpoint)},
                        {"checkpoint", isStarterModel(checkpoint) ? QString() : checkpoint},
                        {"images", counts.images},
                        {"captions", counts.captions},
                        {"tags", counts.tags},
                        {"candidates", counts.candidates},
                        {"accepted", counts.accepted},
                        {"rejected", counts.rejected},
                        {"vocabulary", vocabularyHash(database)},
                        {"last_verdict", db::VerdictRepository(database.connection()).lastId()}})
            .toJson(QJsonDocument::Compact));
}

PilotSnapshot takeSnapshot(const Project& project, const db::Database& database)
{
    const db::ImageRepository images(database.connection());
    const db::TagRepository tags(database.connection());
    const model::tags::PromptTemplates templates = promptTemplatesOf(database);
    PilotSnapshot snapshot;
    QHash<db::TagId, std::size_t> tagPlaces;
    for (const db::Tag& tag : tags.tags()) {
        if (tag.enabled) {
            tagPlaces.insert(tag.id, snapshot.data.tags.size());
            snapshot.tags.append(tag.id);
            snapshot.data.tags.push_back(pilotTag(tag, templates));
        }
    }
    QHash<db::ImageId, std::size_t> imagePlaces;
    const auto captions = images.captionsByImage();
    for (const db::Image& image : images.images()) {
        imagePlaces.insert(image.id, snapshot.data.images.size());
        model::pipeline::PilotImage row{.file = project.absolutePath(image.path).toStdString(),
                                        .contentHash = image.sha256.toStdString(),
                                        .split = splitOf(image.split)};
        for (const db::Caption& caption : captions.value(image.id)) {
            row.captions.push_back(caption.text.toStdString());
            addOnce(row.languages, caption.language.toStdString());
        }
        snapshot.data.images.push_back(std::move(row));
    }
    for (const db::Candidate& candidate : tags.candidates()) {
        auto& image = snapshot.data.images[imagePlaces.value(candidate.image)];
        const bool isTrainedOn = image.split == model::pipeline::Split::Train;
        image.targets.push_back(targetOf(candidate, tagPlaces.value(candidate.tag),
                                         isTrainedOn ? candidate.belief() : candidate.confidence));
    }
    for (const db::Ownership& ownership :
         db::MentionRepository(database.connection()).ownerships()) {
        snapshot.data.images[imagePlaces.value(ownership.image)].ownerships.push_back(
            {tagPlaces.value(ownership.attribute), tagPlaces.value(ownership.object)});
    }
    snapshot.description = describeData(database);
    return snapshot;
}

model::pipeline::PilotData otherTags(const db::Database& database, const PilotSnapshot& snapshot,
                                     const QSet<db::TagId>& seen)
{
    model::pipeline::PilotData other;
    QHash<QString, std::size_t> places;
    for (model::pipeline::PilotImage image : snapshot.data.images) {
        image.captions.clear();
        image.targets.clear();
        image.ownerships.clear(); // of the pilot's tags
        places.insert(QString::fromStdString(image.contentHash), other.images.size());
        other.images.push_back(std::move(image));
    }
    QHash<db::ImageId, QString> hashes;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        hashes.insert(image.id, image.sha256);
    }
    const model::tags::PromptTemplates templates = promptTemplatesOf(database);
    QHash<db::TagId, db::Tag> tags;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        tags.insert(tag.id, tag);
    }
    for (const QList<db::Candidate>& candidates : otherCandidates(database, seen)) {
        for (const db::Candidate& candidate : candidates) {
            const auto place = places.constFind(hashes.value(candidate.image));
            if (place != places.cend()) {
                other.images[*place].targets.push_back(
                    targetOf(candidate, other.tags.size(), candidate.confidence));
            }
        }
        other.tags.push_back(pilotTag(tags.value(candidates.first().tag), templates));
    }
    return other;
}

ScaleReference scaleReference(const db::Database& database)
{
    ScaleReference reference;
    const QList<db::Image> images = db::ImageRepository(database.connection()).images();
    const qsizetype stride = std::max<qsizetype>(1, images.size() / kReferenceImages);
    for (qsizetype i = 0; i < images.size(); i += stride) {
        reference.hashes.push_back(images.at(i).sha256.toStdString());
    }
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        if (tag.enabled && reference.prompts.size() < kReferenceTags) {
            const QString& prompt = tag.english.isEmpty() ? tag.display : tag.english;
            reference.prompts.push_back(prompt.toStdString());
        }
    }
    return reference;
}

void saveSnapshot(const PilotSnapshot& snapshot, const QString& file)
{
    QJsonArray tags;
    for (std::size_t i = 0; i < snapshot.data.tags.size(); ++i) {
        tags.append(toJson(snapshot.data.tags[i], snapshot.tags.at(qsizetype(i))));
    }
    QJsonArray images;
    for (const auto& image : snapshot.data.images) {
        images.append(toJson(image));
    }
    const QJsonObject whole{
        {"description", snapshot.description}, {"tags", tags}, {"images", images}};
    QSaveFile target(file);
    const QByteArray bytes = QJsonDocument(whole).toJson(QJsonDocument::Compact);
    if (!target.open(QIODevice::WriteOnly) || target.write(bytes) != bytes.size() ||
        !target.commit()) {
        throw model::Error(file.toStdString() + " cannot be written: " +
                           target.errorString().toStdString() + "; check the disk and run again");
    }
}

PilotSnapshot loadSnapshot(const QString& file)
{
    QFile source(file);
    const QJsonObject whole = source.open(QIODevice::ReadOnly)
                                  ? QJsonDocument::fromJson(source.readAll()).object()
                                  : QJsonObject();
    if (whole["images"].toArray().isEmpty()) {
        throw model::Error(file.toStdString() + " cannot be read; start a new run instead");
    }
    PilotSnapshot snapshot;
    snapshot.description = whole["description"].toString();
    const QJsonArray tags = whole["tags"].toArray();
    for (const auto& tag : tags) {
        snapshot.tags.append(db::TagId{tag[0].toInteger()});
        snapshot.data.tags.push_back(tagOf(tag));
    }
    const QJsonArray images = whole["images"].toArray();
    for (const auto& image : images) {
        snapshot.data.images.push_back(imageOf(image));
    }
    return snapshot;
}

RunModel modelOf(const QString& description)
{
    const QJsonObject object = QJsonDocument::fromJson(description.toUtf8()).object();
    return {object["model_title"].toString(), object["model"].toString(),
            object["checkpoint"].toString()};
}

} // namespace tagalign::app
