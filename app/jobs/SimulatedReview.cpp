#include "app/jobs/SimulatedReview.h"

#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QRandomGenerator>

#include <algorithm>

namespace tagalign::app {

namespace {

db::State stateFor(const SceneTruth& truth, const QString& picture, const db::Candidate& candidate)
{
    if (!SceneTruth::isKnown(candidate.kind, candidate.lemma)) {
        return db::State::Rejected;
    }
    switch (truth.answer(picture, candidate.kind, candidate.lemma)) {
    case SceneTruth::Answer::Present:
        return db::State::Accepted;
    case SceneTruth::Answer::Absent:
        return db::State::Rejected;
    case SceneTruth::Answer::Unknown:
        return db::State::Unsure;
    }
    Q_UNREACHABLE();
}

db::State slipped(db::State state)
{
    return state == db::State::Accepted ? db::State::Rejected : db::State::Accepted;
}

} // namespace

QString simulatedReviewer()
{
    return QStringLiteral("simulated reviewer");
}

int reviewSimulated(const Project& project, const SceneTruth& truth, const ReviewSettings& settings,
                    JobContext& context)
{
    const db::Database database(project.databaseFile());
    const db::TagRepository tags(database.connection());
    db::VerdictRepository verdicts(database.connection());
    int given = 0;
    int judged = 0;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        if (image.split == db::Split::Test) {
            continue;
        }
        if (judged == settings.images) {
            break;
        }
        context.step(
            {judged, settings.images, QStringLiteral("Verifying as a simulated reviewer")});
        ++judged;
        // By the picture, so that going on gives the verdicts that one go would have given.
        QRandomGenerator random(settings.seed * 1'000'003U + quint32(qint64(image.id)));
        QList<db::VerdictRepository::Decision> decisions;
        for (const db::Candidate& candidate : tags.candidatesOf(image.id)) {
            const db::State right = stateFor(truth, image.path, candidate);
            const bool slips = random.generateDouble() < settings.slipRate;
            if (candidate.state == db::State::Pending) {
                decisions.append({candidate.id, slips ? slipped(right) : right, 0});
            }
        }
        verdicts.decide(decisions, simulatedReviewer());
        given += int(decisions.size());
    }
    return given;
}

} // namespace tagalign::app
