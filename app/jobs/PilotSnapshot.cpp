#include "app/jobs/PilotSnapshot.h"

#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QHash>
#include <QJsonDocument>
#include <QJsonObject>

namespace tagalign::app {

namespace {

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

/// Unsure is what a person could not tell: it keeps the parser's belief like an unseen one.
model::pipeline::TagTarget targetOf(const db::Candidate& candidate, std::size_t tag)
{
    const bool accepted = candidate.state == db::State::Accepted;
    const bool rejected = candidate.state == db::State::Rejected;
    return {.tag = tag,
            .probability = accepted   ? 1.0
                           : rejected ? 0.0
                                      : candidate.confidence,
            .verified = accepted || rejected};
}

} // namespace

PilotSnapshot takeSnapshot(const Project& project, const db::Database& database)
{
    const db::ImageRepository images(database.connection());
    const db::TagRepository tags(database.connection());
    PilotSnapshot snapshot;
    QHash<db::TagId, std::size_t> tagPlaces;
    for (const db::Tag& tag : tags.tags()) {
        if (tag.enabled) {
            tagPlaces.insert(tag.id, snapshot.data.tags.size());
            snapshot.tags.append(tag.id);
            snapshot.data.tags.push_back({.text = tag.lemma.toStdString(),
                                          .kind = tag.kind == db::TagKind::Object
                                                      ? model::tags::TagKind::Object
                                                      : model::tags::TagKind::Attribute,
                                          .weight = tag.priority});
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
        }
        snapshot.data.images.push_back(std::move(row));
    }
    for (const db::Candidate& candidate : tags.candidates()) {
        snapshot.data.images[imagePlaces.value(candidate.image)].targets.push_back(
            targetOf(candidate, tagPlaces.value(candidate.tag)));
    }
    const db::Counts counts = images.counts();
    snapshot.description = QString::fromUtf8(
        QJsonDocument(
            QJsonObject{{"images", counts.images},
                        {"captions", counts.captions},
                        {"tags", counts.tags},
                        {"candidates", counts.candidates},
                        {"accepted", counts.accepted},
                        {"rejected", counts.rejected},
                        {"last_verdict", db::VerdictRepository(database.connection()).lastId()}})
            .toJson(QJsonDocument::Compact));
    return snapshot;
}

} // namespace tagalign::app
