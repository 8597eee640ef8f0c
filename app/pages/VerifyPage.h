#pragma once

#include "app/pages/Workspace.h"

#include <QElapsedTimer>
#include <QHash>
#include <QSet>
#include <QTimer>
#include <QWidget>

#include <optional>

class QLabel;
class QSplitter;

namespace tagalign::widgets {
class CaptionLabel;
class ColorScale;
class ProgressSummary;
class QualityBar;
class TagChipBar;
} // namespace tagalign::widgets

namespace tagalign::app {

class QualityControl;
class TagTracer;

/// Are these tags really there? One image with its tags, one key a verdict.
/// Keys: A accept, X reject, Space unsure, Backspace undo, arrows move, 1-9 choose, H heatmap,
/// T trace, O order of what is to be verified, P plot of precision and coverage.
///
/// A verdict applies to the tag that is on screen: while the next image loads, keys judge nothing.
class VerifyPage : public QWidget
{
    Q_OBJECT

public:
    explicit VerifyPage(Workspace& workspace, QWidget* parent = nullptr);

    [[nodiscard]] const widgets::TagChipBar* chips() const { return m_chips; }

    /// The image on screen; nothing while one loads.
    [[nodiscard]] std::optional<db::ImageId> shownImage() const;

    /// Leaves the picture on screen for the next one with a tag that nobody has judged.
    void showNextOpen();

    /// Shows the image, at this tag if the image carries it.
    void showTag(db::ImageId image, db::TagId tag);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    /// What is gathered of one image before it is shown.
    struct Content
    {
        db::Image image;
        QList<db::Caption> captions;
        QList<db::Candidate> candidates;  ///< as the chips show them
        QHash<db::TagId, QString> judges; ///< by whom they were judged before
        QStringList absent;               ///< what the captions say is not there
        QImage picture;                   ///< null if it cannot be read
        bool hasTags = false;
        bool hasPicture = false;

        [[nodiscard]] QString captionText(db::CaptionId id) const;
        [[nodiscard]] QString absenceText() const;
        [[nodiscard]] QString toolTipOf(const db::Candidate& candidate) const;
    };

    void reload();
    void beginAnew();
    void showImage(qsizetype position, std::optional<db::TagId> tag = {});
    void showWhenWhole();
    void goTo(db::ImageId image, std::optional<db::TagId> tag = {});
    void goToNextPending(db::ImageId after);
    void showEnd();
    void prefetch();
    void showChip(int chip);
    [[nodiscard]] int chipToShow() const;
    [[nodiscard]] const db::Candidate* currentCandidate() const;
    void decide(db::State state);
    void advance();
    void undo();
    void showSaved();
    void showProgress();
    void toggleHeatmap();
    void requestHeatmap();
    void makeTrace();
    void toggleTrace();
    void move(int key);

    Workspace& m_workspace;
    QList<db::Image> m_images;
    QSet<db::ImageId> m_shown; ///< since the queue began
    qsizetype m_position = -1; ///< of the image on screen or on its way there
    Content m_content;         ///< of that image
    bool m_isWhole = false;    ///< m_content is on screen: keys judge it
    std::optional<db::TagId> m_wantedTag;
    QElapsedTimer m_looking; ///< since the current chip is on screen
    QTimer m_patience;       ///< until "loading" is shown
    int m_unsaved = 0;       ///< verdicts on their way to the disk
    bool m_isHeatmapOn = false;

    QLabel* m_title;
    widgets::HeatmapView* m_view;
    QSplitter* m_split; ///< the picture and its tag's trace
    TagTracer* m_trace;
    widgets::ColorScale* m_scale;
    widgets::CaptionLabel* m_caption;
    widgets::TagChipBar* m_chips;
    widgets::ProgressSummary* m_progress;
    widgets::QualityBar* m_qualityBar;
    QualityControl* m_quality;
    QLabel* m_saved;
};

} // namespace tagalign::app
