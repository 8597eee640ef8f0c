#pragma once

#include "app/ProjectSession.h"
#include "app/PromptService.h"
#include "app/jobs/JobQueue.h"
#include "db/Rows.h"
#include "widgets/HeatmapView.h"
#include "widgets/Theme.h"

#include <QImage>
#include <QObject>

#include <functional>

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

    /// Decodes a picture on the pool; then(image) is called on the GUI thread, with a null image
    /// if it cannot be read, unless the receiver is gone.
    void loadImage(QObject* receiver, const QString& storedPath,
                   std::function<void(const QImage&)> then) const;

    /// Queues tag extraction and encoding after an import or a change of model.
    void queueTagsAndFeatures();

    /// The newest finished run's head becomes the "after" of prompts.
    void useNewestHead();
    void useHead(const db::Run& run);

Q_SIGNALS:
    void imagesChanged();
    void tagsChanged();     ///< candidates or verdicts
    void featuresChanged(); ///< encoded, or another model
    void runsChanged();
    void headChanged();
    void problem(const QString& sentence);
};

[[nodiscard]] widgets::TagState stateOf(db::State state);
[[nodiscard]] widgets::Heatmap heatmapOf(const model::pipeline::Heatmap& heatmap);

} // namespace tagalign::app
