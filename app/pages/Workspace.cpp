#include "app/pages/Workspace.h"

#include "app/ModelChoice.h"
#include "app/jobs/EncodeJob.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/QualityJob.h"
#include "app/jobs/Runs.h"
#include "model/image/Decode.h"

#include <QCoreApplication>
#include <QPointer>

#include <algorithm>
#include <memory>
#include <tuple>

namespace tagalign::app {

namespace {

constexpr int kPictureThreads = 2;
constexpr int kRememberedKiB = 256 * 1024;

QImage decoded(const QString& path)
{
    try {
        const auto picture = model::image::decodeImage(path.toStdString());
        return QImage(picture.bytes.data(), picture.width, picture.height,
                      qsizetype(picture.width) * 3, QImage::Format_RGB888)
            .convertToFormat(QImage::Format_RGB32); // what painting is quickest with
    } catch (const std::exception&) {
        return {}; // the page says so in the picture's place
    }
}

} // namespace

Workspace::Workspace(const Project& project, QObject* parent)
    : QObject(parent),
      session(project)
{
    m_pictures.setMaxThreadCount(kPictureThreads);
    m_lastPictures.setMaxCost(kRememberedKiB);
    connect(&session, &ProjectSession::failed, this, &Workspace::problem);
    connect(&prompts, &PromptService::failed, this, &Workspace::problem);
    connect(&jobs, &JobQueue::finished, this,
            [this](int, JobQueue::State state, const QString& message) {
                if (state == JobQueue::State::Failed) {
                    Q_EMIT problem(message);
                }
            });
    session.ask(
        this,
        [project](db::Database& database) {
            closeAbandonedRuns(project, database);
            return modelFiles(project, database);
        },
        [this](const model::pipeline::ModelFiles& files) {
            prompts.setModel(files);
            Q_EMIT runsChanged();
        });
    useNewestHead();
    goOnWithInterrupted();
    fixScale();
    connect(this, &Workspace::tagsChanged, this, &Workspace::fixScale);
    connect(this, &Workspace::featuresChanged, this, &Workspace::fixScale);
}

void Workspace::fixScale()
{
    session.ask(
        this, [](const db::Database& database) { return scaleReference(database); },
        [this](const ScaleReference& reference) {
            prompts.setReference(reference.hashes, reference.prompts);
        });
}

void Workspace::load(QObject* receiver, std::function<QImage()> read, OnImage then)
{
    m_pictures.start(
        [guard = QPointer<QObject>(receiver), read = std::move(read), then = std::move(then)] {
            const QImage image = read();
            QMetaObject::invokeMethod(
                QCoreApplication::instance(),
                [guard, then, image] {
                    if (guard) {
                        then(image);
                    }
                },
                Qt::QueuedConnection);
        });
}

void Workspace::loadImage(QObject* receiver, const QString& storedPath, OnImage then)
{
    if (const QImage* known = m_lastPictures.object(storedPath)) {
        then(*known);
        return;
    }
    load(
        receiver, [path = project().absolutePath(storedPath)] { return decoded(path); },
        [self = QPointer<Workspace>(this), storedPath,
         then = std::move(then)](const QImage& image) {
            if (self && !image.isNull()) {
                self->m_lastPictures.insert(storedPath, new QImage(image),
                                            int(image.sizeInBytes() / 1024));
            }
            then(image);
        });
}

void Workspace::loadThumbnail(QObject* receiver, const QString& sha256, OnImage then)
{
    load(
        receiver, [file = project().thumbnailFile(sha256)] { return QImage(file); },
        std::move(then));
}

void Workspace::queueTags()
{
    queueReading([where = project()](JobContext& context) { return extractTags(where, context); });
}

int Workspace::queueRunAgain(db::ParserRunId run, Reading reading)
{
    return queueReading([where = project(), run, reading](JobContext& context) {
        return runAgain(where, run, reading, context);
    });
}

int Workspace::queueReading(std::function<TagSummary(JobContext&)> read)
{
    auto summary = std::make_shared<TagSummary>();
    const int id = jobs.add(
        tr("Tags"),
        [read = std::move(read), summary](JobContext& context) { *summary = read(context); },
        [this, summary] {
            if (summary->leftUnread > 0) {
                Q_EMIT problem(summary->problems.join(QLatin1Char(' ')));
            }
            Q_EMIT tagsChanged();
        });
    connect(&jobs, &JobQueue::finished, this, [this, id](int ended, JobQueue::State state) {
        if (ended == id && state != JobQueue::State::Succeeded) {
            Q_EMIT tagsChanged(); // what came before the end is stored
        }
        if (ended == id) {
            queueQuality(); // of what is new
        }
    });
    return id;
}

/// However the job ended: what came is stored.
void Workspace::tellOfTagsAfter(int job)
{
    connect(&jobs, &JobQueue::finished, this, [this, job](int ended) {
        if (ended == job) {
            Q_EMIT tagsChanged();
            queueQuality(); // of what is new
        }
    });
}

int Workspace::queueLlm(const LlmSettings& settings, const LlmPrompt& prompt, const QByteArray& key)
{
    auto summary = std::make_shared<LlmSummary>();
    const int id = jobs.add(
        tr("Language model"),
        [where = project(), settings, prompt, key, summary](JobContext& context) {
            *summary = readTagsWithLlm(where, settings, prompt, key, context);
        },
        [this, summary] { Q_EMIT captionsRead(*summary); });
    tellOfTagsAfter(id);
    return id;
}

void Workspace::queueFeatures()
{
    auto summary = std::make_shared<EncodeSummary>();
    jobs.add(
        tr("Features"),
        [where = project(), summary](JobContext& context) {
            *summary = encodeProject(where, context);
        },
        [this, summary] { Q_EMIT featuresChanged(summary->problems); });
    queueQuality();
}

void Workspace::queueQuality()
{
    const QList<JobQueue::Job> all = jobs.jobs();
    const bool isWaiting = std::any_of(all.begin(), all.end(), [this](const JobQueue::Job& job) {
        return job.id == m_qualityJob && job.state == JobQueue::State::Queued;
    });
    if (isWaiting) {
        return;
    }
    m_qualityJob = jobs.add(
        tr("Tag quality"),
        [where = project()](JobContext& context) {
            checkProjectTags(where, Margins::Missing, context);
        },
        [this] { Q_EMIT qualityChanged(); });
}

void Workspace::setConfidenceThreshold(double threshold)
{
    session.ask(
        this,
        [threshold](db::Database& database) { app::setConfidenceThreshold(database, threshold); },
        [this, threshold] { Q_EMIT confidenceThresholdChanged(threshold); });
}

void Workspace::goOnWithInterrupted()
{
    session.ask(
        this,
        [where = project()](db::Database& database) {
            return std::tuple(hasUnreadCaptions(database), hasUnencoded(where, database),
                              isUnchecked(where, database));
        },
        [this](const std::tuple<bool, bool, bool>& left) {
            const auto [unread, unencoded, unchecked] = left;
            if (unread) {
                queueTags();
            }
            if (unencoded) {
                queueFeatures();
            } else if (unread || unchecked) {
                queueQuality();
            }
        });
}

void Workspace::chooseModel(const QString& folder)
{
    jobs.add(
        tr("Model"), [where = project(), folder](JobContext&) { chooseCheckpoint(where, folder); },
        [this] {
            session.ask(
                this,
                [where = project()](db::Database& database) { return modelFiles(where, database); },
                [this](const model::pipeline::ModelFiles& files) {
                    prompts.setModel(files);
                    useNewestHead(); // heads belong to their model
                    queueFeatures();
                    Q_EMIT modelChanged();
                });
        });
}

void Workspace::useNewestHead()
{
    session.ask(
        this, [where = project()](db::Database& database) { return newestRun(where, database); },
        [this](const std::optional<db::Run>& run) { setRun(run); });
}

void Workspace::useRun(const db::Run& run)
{
    session.ask(
        this, [run](const db::Database& database) { return isOfPresentModel(database, run); },
        [this, run](bool fits) {
            if (fits) {
                setRun(run);
            }
        });
}

void Workspace::setRun(const std::optional<db::Run>& run)
{
    m_run = run;
    prompts.setHead(run ? headFile(project(), *run) : QString());
    Q_EMIT headChanged();
}

widgets::TagState stateOf(db::State state)
{
    switch (state) {
    case db::State::Pending:
        return widgets::TagState::Pending;
    case db::State::Accepted:
        return widgets::TagState::Accepted;
    case db::State::Rejected:
        return widgets::TagState::Rejected;
    case db::State::Unsure:
        return widgets::TagState::Unsure;
    }
    Q_UNREACHABLE();
}

widgets::Heatmap heatmapOf(const model::pipeline::Heatmap& heatmap)
{
    return {heatmap.rows, heatmap.columns, {heatmap.values.begin(), heatmap.values.end()}};
}

} // namespace tagalign::app
