#pragma once

#include "app/ProjectSession.h"
#include "app/PromptService.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/JobQueue.h"
#include "app/jobs/ParserRunJob.h"
#include "app/llm/LlmTagJob.h"
#include "db/Rows.h"
#include "widgets/HeatmapView.h"
#include "widgets/Theme.h"

#include <QCache>
#include <QImage>
#include <QObject>
#include <QThreadPool>

#include <functional>
#include <optional>

namespace tagalign::app {

/// What the pages share: the open project, the jobs and the model for prompts. The signals tell
/// pages what has changed in the project, whoever changed it.
class Workspace : public QObject
{
    Q_OBJECT

public:
    /// @throws std::exception if the project cannot be opened.
    explicit Workspace(const Project& project, QObject* parent = nullptr);

    ProjectSession session;
    JobQueue jobs;
    PromptService prompts; ///< last, so that it ends before the rest

    [[nodiscard]] const Project& project() const { return session.project(); }

    using OnImage = std::function<void(const QImage&)>;

    /// Decodes a picture, as the model sees it, on a pool of its own; then(image) is called on the
    /// GUI thread, with a null image if it cannot be read, unless the receiver is gone. The last
    /// few pictures are remembered: then() comes at once for them.
    void loadImage(QObject* receiver, const QString& storedPath, OnImage then);

    /// The same for a small picture that the import made.
    void loadThumbnail(QObject* receiver, const QString& sha256, OnImage then);

    void queueTags(); ///< reads tags out of captions that were not read yet

    int queueRunAgain(db::ParserRunId run, Reading reading); ///< as runAgain()

    /// Reads tags by asking a language model; captionsRead() tells how it went.
    int queueLlm(const LlmSettings& settings, const LlmPrompt& prompt, const QByteArray& key);

    void queueFeatures(); ///< encodes images that were not encoded yet
    void queueQuality();  ///< compares tags with their pictures where that was not done yet

    /// From which probability on tags without a verdict are used; kept with the project.
    void setConfidenceThreshold(double threshold);

    /// Another checkpoint for this project; its features and its newest head come with it.
    void chooseModel(const QString& folder);

    /// The newest run that fits the model becomes the "after" of prompts, or the given one; one of
    /// another model is left alone.
    void useNewestHead();
    void useRun(const db::Run& run);

    [[nodiscard]] const std::optional<db::Run>& run() const { return m_run; } ///< the "after"

Q_SIGNALS:
    void imagesChanged();
    void tagsChanged(); ///< candidates or verdicts
    void featuresChanged(const QList<tagalign::app::ImportProblem>& problems); ///< encoded
    void captionsRead(const tagalign::app::LlmSummary& summary); ///< by a language model
    void qualityChanged();                                       ///< probabilities of tags
    void confidenceThresholdChanged(double threshold);
    void modelChanged();
    void runsChanged();
    void headChanged();
    void problem(const QString& sentence);

private:
    int queueReading(std::function<TagSummary(JobContext&)> read);
    void tellOfTagsAfter(int job);
    void goOnWithInterrupted();
    void setRun(const std::optional<db::Run>& run);
    void fixScale();
    void load(QObject* receiver, std::function<QImage()> read, OnImage then);

    QThreadPool m_pictures; ///< apart from the jobs' threads: people wait for these
    QCache<QString, QImage> m_lastPictures;
    std::optional<db::Run> m_run;
    int m_qualityJob = -1; ///< the last one
};

[[nodiscard]] widgets::TagState stateOf(db::State state);
[[nodiscard]] widgets::Heatmap heatmapOf(const model::pipeline::Heatmap& heatmap);

} // namespace tagalign::app
