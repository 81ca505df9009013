# mmcomp fit_vocabulary configs/jigsaw/lstm1.py && tools/dist_train.sh configs/jigsaw/lstm1.py 1
# Score: not published alone; two models, epochs 4 to 6 of each, are 10 % of the ensemble with 0.94466 private.
# Hardware: one GPU; the vectors take 0.4 GB of it. Not trained here; the second LSTM's epoch took 10.5 minutes.
# Weights: none but the word vectors, see _base_/models/bilstm.py.
# Published otherwise: padding on the left was read, pooled and part of the mean; here the mask hides it.
_base_ = [
    '../_base_/models/bilstm.py',
    '../_base_/pipelines/jigsaw.py',
    '../_base_/pipelines/jigsaw_words.py',
    '../_base_/schedules/jigsaw_lstm_6e.py',
    '../_base_/runtime/default.py',
]
model = dict(
    backbone=dict(spatial_dropout=0.2, case_fallback=False),
    head=dict(loss=dict(type='WeightedMultiTaskBCELoss', task_weights=[1.0] + [1 / 5] * 5, weighted_tasks=[0])))
train_dataloader = dict(batch_size=512, dataset=_base_.comments)
val_dataloader = dict(batch_size=2048, dataset=_base_.comments)
test_dataloader = dict(batch_size=2048, dataset=_base_.comments)
