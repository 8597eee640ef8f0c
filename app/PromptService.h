#pragma once

#include "model/pipeline/PromptSession.h"

#include <QObject>
#include <QString>
#include <QStringList>
#include <QThread>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace tagalign::app {

/// The window's model for prompts: loads it on first use and answers on a thread of its own.
/// Only the newest heatmap request of each asker counts; older ones are dropped unanswered.
///
/// Lives on the GUI thread; answers arrive there. The destructor waits for the answer under way.
class PromptService : public QObject
{
    Q_OBJECT

public:
    explicit PromptService(QObject* parent = nullptr);
    ~PromptService() override;

    /// Another model and head to show beside the ones in use.
    struct Source
    {
        model::pipeline::ModelFiles model;
        QString headFile;
    };

    struct Request
    {
        QString file;
        QString sha256;
        QString prompt;
        std::optional<Source> beside = std::nullopt;
    };

    struct Heatmaps
    {
        model::pipeline::HeatmapPair pair;
        std::optional<model::pipeline::HeatmapPair> beside; ///< if the request asked for it
    };

    using OnHeatmaps = std::function<void(const Heatmaps&)>;
    using OnHits = std::function<void(const std::vector<model::pipeline::SearchHit>& before,
                                      const std::vector<model::pipeline::SearchHit>& after)>;

    /// The model for all later requests. Cheap: nothing is loaded yet.
    void setModel(const model::pipeline::ModelFiles& model);

    /// The head for "after" in later requests; empty for none.
    void setHead(const QString& headFile);

    /// What fixes the colour scale of later heatmaps (PromptSession::setReference).
    void setReference(const std::vector<std::string>& hashes,
                      const std::vector<std::string>& prompts);

    /// `then` is called on the GUI thread unless the asker is gone or has asked anew.
    void heatmaps(QObject* asker, const Request& request, OnHeatmaps then);

    /// Images by similarity, best first: with the frozen model and, if a head is set, with it.
    void search(QObject* asker, const std::vector<std::string>& hashes, const QString& prompt,
                std::size_t limit, OnHits then);

Q_SIGNALS:
    void failed(const QString& message);

private:
    struct Loaded;

    void post(std::function<void(Loaded&)> work);

    QThread m_thread;
    QObject* m_worker;                ///< lives on m_thread
    std::unique_ptr<Loaded> m_loaded; ///< used on m_thread only
};

} // namespace tagalign::app
